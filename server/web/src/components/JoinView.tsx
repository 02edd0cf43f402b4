import { guestCredentials, type ParleyError } from '@parley/client-sdk';
import { type FormEvent, useState } from 'react';
import type { IdentityState } from '../hooks/useIdentity.js';
import type { JoinRequest } from '../hooks/useMeeting.js';
import { LISTEN_ONLY, useMicrophone } from '../hooks/useMicrophone.js';
import { invitationOf } from '../text.js';
import { LevelMeter } from './LevelMeter.js';
import { MicrophonePicker } from './MicrophonePicker.js';

const NAME_KEY = 'parley.displayName';

export function JoinView(props: {
  identity: IdentityState;
  error: ParleyError | undefined;
  busy: boolean;
  onJoin: (request: JoinRequest) => Promise<boolean>;
}) {
  const { identity, error, busy, onJoin } = props;
  const [invitation] = useState(() => invitationOf(location));
  const [displayName, setDisplayName] = useState(() => rememberedName());
  const [room, setRoom] = useState(invitation.room);
  const [joinSecret, setJoinSecret] = useState(invitation.joinSecret);
  const microphone = useMicrophone();
  // The browser asks whether the page may listen; who joins before the answer would join without a voice.
  const waiting =
    microphone.deviceId !== LISTEN_ONLY && microphone.track === undefined && microphone.error === undefined;
  const asksForSecret = invitation.joinSecret !== '' || error?.code === 'JOIN_SECRET_REQUIRED';

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    rememberName(displayName);
    const track = microphone.deviceId === LISTEN_ONLY ? undefined : microphone.take();
    if (!(await onJoin({ room: room.trim(), credentials: credentials(), track }))) microphone.giveBack();
  };
  const { signedIn } = identity;
  const credentials = (): JoinRequest['credentials'] => {
    if (signedIn !== undefined) return async () => ({ kind: 'token', token: await signedIn.token() });
    const secret = joinSecret.trim();
    return guestCredentials({ displayName: displayName.trim(), ...(secret === '' ? {} : { joinSecret: secret }) });
  };

  return (
    <main className="join">
      <h1>Parley</h1>
      <p className="lead">Talk, and read who said what while it is being said.</p>
      <form onSubmit={(event) => void submit(event)}>
        <WhoYouAre identity={identity} displayName={displayName} onDisplayName={setDisplayName} />
        <label className="field">
          Room
          <input
            data-testid="room-input"
            value={room}
            onChange={(event) => setRoom(event.target.value)}
            placeholder="daily"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            required
          />
        </label>
        {asksForSecret ? (
          <label className="field">
            Join secret
            <input
              data-testid="secret-input"
              value={joinSecret}
              onChange={(event) => setJoinSecret(event.target.value)}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          </label>
        ) : null}
        <MicrophonePicker
          microphones={microphone.microphones}
          deviceId={microphone.deviceId}
          onChoose={microphone.choose}
          listenOnly
        />
        {microphone.deviceId === LISTEN_ONLY ? null : <LevelMeter track={microphone.track} />}
        {microphone.error !== undefined && microphone.deviceId !== LISTEN_ONLY ? (
          <p className="hint" role="status" data-testid="microphone-error">
            {microphone.error.message} You can join all the same, to listen and read.
          </p>
        ) : null}
        {error === undefined ? null : (
          <p className="error" role="alert" data-testid="error" data-code={error.code}>
            {error.message}
          </p>
        )}
        <button
          type="submit"
          className="primary"
          data-testid="join-button"
          disabled={busy || waiting || !mayJoin(identity)}
        >
          {busy ? 'Joining…' : waiting ? 'Waiting for the microphone…' : 'Join'}
        </button>
      </form>
    </main>
  );
}

function mayJoin({ options, signedIn }: IdentityState): boolean {
  return signedIn !== undefined || options?.guests === true;
}

/** The name that others will see, and where it comes from. */
function WhoYouAre(props: {
  identity: IdentityState;
  displayName: string;
  onDisplayName: (displayName: string) => void;
}) {
  const { identity, displayName, onDisplayName } = props;
  const { options, signedIn, failed, signIn } = identity;
  if (failed) {
    return (
      <p className="error" role="alert" data-testid="identity-error">
        The server or its sign-in cannot be reached. Reload the page to try again.
      </p>
    );
  }
  if (signedIn !== undefined) {
    return (
      <p className="hint" data-testid="signed-in">
        You are <strong>{signedIn.displayName}</strong>.{' '}
        <button type="button" data-testid="sign-out-button" onClick={signedIn.signOut}>
          Sign out
        </button>
      </p>
    );
  }
  return (
    <>
      {options?.keycloak === undefined ? null : (
        <button type="button" className="primary" data-testid="sign-in-button" onClick={signIn}>
          Sign in
        </button>
      )}
      {options?.guests === false ? null : (
        <label className="field">
          Your name
          <input
            data-testid="name-input"
            value={displayName}
            onChange={(event) => onDisplayName(event.target.value)}
            autoComplete="name"
            maxLength={64}
            required
          />
        </label>
      )}
    </>
  );
}

function rememberedName(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}

function rememberName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // Private windows may refuse storage; the name is then asked for again.
  }
}
