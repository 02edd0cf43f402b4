import type { ParleyClient } from '@parley/client-sdk';
import { useRecord } from '@parley/client-sdk/react';
import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { useText } from '../i18n/I18n.js';

/** Why this participant is not transcribed, and what they can do about it. */
export function RecordNotices({ client, onError }: { client: ParleyClient; onError: (error: unknown) => void }) {
  const { call, status } = useText().text;
  const { offTheRecord, roomOffTheRecord, consentNeeded } = useRecord(client);
  return (
    <>
      {consentNeeded === undefined ? null : (
        <Banner
          tone="warn"
          testId="consent"
          action={
            <Button
              tone="primary"
              data-testid="agree-button"
              onClick={() => void client.giveConsent({ version: consentNeeded.version }).catch(onError)}
            >
              {call.agree}
            </Button>
          }
        >
          <bdi>{consentNeeded.text ?? status.consent}</bdi> {status.consentUntil}
        </Banner>
      )}
      {roomOffTheRecord ? (
        <Banner tone="warn" testId="room-off-the-record-notice">
          {status.roomOffTheRecord}
        </Banner>
      ) : offTheRecord && consentNeeded === undefined ? (
        <Banner tone="warn" testId="off-the-record-notice">
          {status.offTheRecord}
        </Banner>
      ) : null}
    </>
  );
}
