import type { ServerIdentity } from '@parley/client-sdk';
import { InfoIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';
import { modelText } from '../settings/modelText.js';
import { modeText } from '../settings/modeText.js';

/** What participants agree to by joining, and the model of the captions. */
export function ServerNotice({ options }: { options: ServerIdentity | undefined }) {
  const { text } = useText();
  const { lobby, status } = text;
  if (options === undefined) return null;
  const { mode, model, recording } = options;
  return (
    <div className="server-notice">
      <InfoIcon />
      <div>
        <p data-testid="consent">{recording ? lobby.consentRecording : lobby.consent}</p>
        <p data-testid="lobby-mode">{lobby.modeLine(modeText(text, mode).name)}</p>
        <p data-testid="lobby-model">{modelText(text, model)}</p>
        {model.demo ? (
          <p data-testid="demo-banner">
            <strong>{status.demoTitle}</strong> {status.demoText}
          </p>
        ) : null}
      </div>
    </div>
  );
}
