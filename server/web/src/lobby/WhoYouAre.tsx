import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { TextField } from '../design/fields.js';
import type { IdentityState } from '../hooks/useIdentity.js';
import { useText } from '../i18n/I18n.js';

/** The name that others will see, and its source. */
export function WhoYouAre(props: {
  identity: IdentityState;
  displayName: string;
  onDisplayName: (displayName: string) => void;
}) {
  const { identity, displayName, onDisplayName } = props;
  const { options, signedIn, failed, signIn } = identity;
  const { lobby } = useText().text;
  if (failed) {
    return (
      <Banner tone="bad" urgent testId="identity-error">
        {lobby.unreachable}
      </Banner>
    );
  }
  if (signedIn !== undefined) {
    return (
      <div className="signed-in" data-testid="signed-in">
        <p>
          {lobby.youAre}{' '}
          <strong>
            <bdi>{signedIn.displayName}</bdi>
          </strong>
        </p>
        <Button data-testid="sign-out-button" onClick={signedIn.signOut}>
          {lobby.signOut}
        </Button>
      </div>
    );
  }
  const signsIn = options?.keycloak !== undefined;
  const guests = options?.guests !== false;
  return (
    <>
      {signsIn ? (
        <Button tone="primary" className="wide" data-testid="sign-in-button" onClick={signIn}>
          {lobby.signIn}
        </Button>
      ) : null}
      {signsIn && guests ? <p className="or">{lobby.or}</p> : null}
      {guests ? (
        <TextField
          label={lobby.name}
          data-testid="name-input"
          value={displayName}
          onChange={(event) => onDisplayName(event.target.value)}
          autoComplete="name"
          maxLength={64}
          dir="auto"
          required
        />
      ) : null}
    </>
  );
}
