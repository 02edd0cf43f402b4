import { guestCredentials, type ParleyError } from '@parley/client-sdk';
import { type ComponentProps, type FormEvent, useEffect, useRef, useState } from 'react';
import { pageUrlOf } from '../basePath.js';
import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { SelectField, TextField } from '../design/fields.js';
import { BrandMark } from '../design/icons.js';
import type { IdentityState } from '../hooks/useIdentity.js';
import type { ConsentRequest, JoinRequest } from '../hooks/useMeeting.js';
import { LISTEN_ONLY, useMicrophoneChoice } from '../hooks/useMicrophone.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';
import { PageChoices } from '../settings/PageChoices.js';
import { knownChoice, speechLanguages } from '../settings/speechLanguages.js';
import { changePreferences, usePreferences } from '../settings/usePreferences.js';
import { invitationOf, invitationUrl } from '../text.js';
import { ConsentStep } from './ConsentStep.js';
import { MicrophoneCheck } from './MicrophoneCheck.js';
import { rememberedName, rememberName } from './rememberedName.js';
import { ServerNotice } from './ServerNotice.js';
import { Waiting } from './Waiting.js';
import { WhoYouAre } from './WhoYouAre.js';
import './lobby.css';

/** Before the meeting: name, room and microphone. */
export function Lobby(props: {
  identity: IdentityState;
  error: ParleyError | undefined;
  busy: boolean;
  /** A moderator has to admit this person. */
  waiting: boolean;
  /** The last step of a join, in a room that requires consent. */
  consent: ConsentRequest | undefined;
  /** Ends a wait, or that step. */
  onLeave: () => void;
  /** The meeting was left because the browser froze the page. */
  putAway: boolean;
  /** The previous meeting is gone, and the focus with it. */
  returned: boolean;
  onJoin: (request: JoinRequest) => Promise<boolean>;
}) {
  const { identity, error, busy, putAway, returned, onJoin } = props;
  const spoken = useText();
  const { text } = spoken;
  const [invitation] = useState(() => invitationOf(location));
  const [displayName, setDisplayName] = useState(() => rememberedName());
  const [room, setRoom] = useState(invitation.room);
  const [joinSecret, setJoinSecret] = useState(invitation.joinSecret);
  const [roomSecret, setRoomSecret] = useState(invitation.roomSecret);
  const known = identity.options?.model.languages;
  const speechLanguage = knownChoice(usePreferences().speechLanguage, known);
  const choice = useMicrophoneChoice();
  const listens = choice.deviceId === LISTEN_ONLY;
  // While the browser asks for permission, joining would mean joining without a microphone.
  const opening = !listens && choice.microphone === undefined && choice.error === undefined;
  const asksForSecret = invitation.joinSecret !== '' || error?.code === 'JOIN_SECRET_REQUIRED';

  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (returned) title.current?.focus();
  }, [returned]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    rememberName(displayName);
    const joined = await onJoin({
      room: room.trim(),
      credentials: credentials(),
      settings: speechLanguage === '' ? {} : { language: speechLanguage },
      joinSecret: joinSecret.trim(),
      roomSecret: roomSecret.trim(),
      // A refused key belongs to another meeting, or was revoked.
      moderatorKey: error?.code === 'MODERATOR_KEY_INVALID' ? '' : invitation.moderatorKey,
      microphone: listens ? undefined : choice.take(),
    });
    if (!joined) choice.giveBack();
    else if (invitation.moderatorKey !== '') hideModeratorKey();
  };
  const { signedIn } = identity;
  const credentials = (): JoinRequest['credentials'] => {
    if (signedIn !== undefined) return async () => ({ kind: 'token', token: await signedIn.token() });
    const secret = joinSecret.trim();
    return guestCredentials({ displayName: displayName.trim(), ...(secret === '' ? {} : { joinSecret: secret }) });
  };

  return (
    <div className="lobby">
      <Hero />
      <main>
        <div className="lobby-choices">
          <PageChoices labelHidden />
        </div>
        {props.waiting ? <Waiting room={room.trim()} onStop={props.onLeave} /> : null}
        {props.consent === undefined ? null : <ConsentStep request={props.consent} onLeave={props.onLeave} />}
        <form
          hidden={props.waiting || props.consent !== undefined}
          className="lobby-card"
          onSubmit={(event) => void submit(event)}
          data-testid="lobby"
        >
          <h2 ref={title} tabIndex={-1} data-testid="lobby-title">
            {text.lobby.title}
          </h2>
          {putAway ? (
            <Banner tone="warn" testId="put-away">
              {text.lobby.putAway}
            </Banner>
          ) : null}
          <WhoYouAre identity={identity} displayName={displayName} onDisplayName={setDisplayName} />
          <CodeField
            label={text.lobby.room}
            data-testid="room-input"
            value={room}
            onChange={(event) => setRoom(event.target.value)}
            placeholder="daily"
            required
          />
          {asksForSecret ? (
            <CodeField
              label={text.lobby.secret}
              data-testid="secret-input"
              value={joinSecret}
              onChange={(event) => setJoinSecret(event.target.value)}
            />
          ) : null}
          {invitation.roomSecret !== '' || error?.code === 'ROOM_SECRET_REQUIRED' ? (
            <CodeField
              label={text.lobby.roomSecret}
              data-testid="room-secret-input"
              value={roomSecret}
              onChange={(event) => setRoomSecret(event.target.value)}
            />
          ) : null}
          <MicrophoneCheck choice={choice} />
          <SelectField
            label={text.lobby.speechLanguage}
            data-testid="speech-language-select"
            value={speechLanguage}
            onChange={(event) => changePreferences({ speechLanguage: event.target.value })}
          >
            <option value="">{text.lobby.asRoom}</option>
            <option value="auto">{text.settings.languageAuto}</option>
            <option value="per-segment">{text.settings.languagePerSegment}</option>
            {speechLanguages({ language: spoken.language, known, also: [speechLanguage] }).map(({ code, name }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </SelectField>
          {error === undefined ? null : (
            <Banner tone="bad" urgent testId="error" code={error.code}>
              {errorText(error, spoken)}
            </Banner>
          )}
          <Button
            type="submit"
            tone="primary"
            className="wide"
            data-testid="join-button"
            disabled={busy || opening || !mayJoin(identity)}
          >
            {busy ? text.lobby.joining : opening ? text.lobby.waiting : text.lobby.join}
          </Button>
          <ServerNotice options={identity.options} />
        </form>
      </main>
    </div>
  );
}

/** For names and secrets of rooms, which are no words of a language. */
function CodeField(props: ComponentProps<typeof TextField>) {
  return <TextField autoComplete="off" autoCapitalize="off" spellCheck={false} dir="ltr" {...props} />;
}

/** So that the key is not given away with a copied address or a shared screen. */
function hideModeratorKey(): void {
  const { room, joinSecret, roomSecret } = invitationOf(location);
  const url = invitationUrl({ base: pageUrlOf(location), room, joinSecret, roomSecret });
  history.replaceState(history.state, '', url);
}

function mayJoin({ options, signedIn }: IdentityState): boolean {
  return signedIn !== undefined || options?.guests === true;
}

/** Illustration of captions. */
function Hero() {
  const { lobby } = useText().text;
  return (
    <header className="hero on-dark">
      <p className="brand">
        <BrandMark />
        Parley
      </p>
      <div className="hero-words">
        <h1>{lobby.headline}</h1>
        <p>{lobby.lead}</p>
      </div>
      <div className="hero-sample" aria-hidden="true">
        <p className="voice-3">
          <span className="speaker">Sarah</span> {lobby.sampleFirst}
        </p>
        <p className="voice-1">
          <span className="speaker">Robert</span> {lobby.sampleSecond}
        </p>
        <p className="voice-2">
          <span className="speaker">Grace</span> {lobby.sampleThird}{' '}
          <span className="open">{lobby.sampleThirdOpen}</span>
          <span className="caret" />
        </p>
      </div>
    </header>
  );
}
