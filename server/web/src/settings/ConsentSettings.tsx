import type { ParleyClient, ParleyError } from '@parley/client-sdk';
import { useRecord } from '@parley/client-sdk/react';
import { useState } from 'react';
import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { asError } from '../hooks/asError.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';

/** For those who consented to being transcribed, where the room asks for it. */
export function ConsentSettings({ client }: { client: ParleyClient }) {
  const spoken = useText();
  const { settings } = spoken.text;
  const { consent, consentNeeded } = useRecord(client);
  const [error, setError] = useState<ParleyError>();
  if (consent === undefined || consentNeeded !== undefined) return null;
  const withdraw = () => client.withdrawConsent().catch((failure: unknown) => setError(asError(failure)));
  return (
    <section aria-labelledby="consent-settings">
      <h3 id="consent-settings">{settings.consent}</h3>
      <p className="hint" id="withdraw-hint">
        {settings.withdrawConsentHint}
      </p>
      <Button aria-describedby="withdraw-hint" data-testid="withdraw-consent-button" onClick={() => void withdraw()}>
        {settings.withdrawConsent}
      </Button>
      {error === undefined ? null : (
        <Banner tone="bad" urgent code={error.code}>
          {errorText(error, spoken)}
        </Banner>
      )}
    </section>
  );
}
