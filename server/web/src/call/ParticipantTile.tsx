import type { ParleyClient, Participant } from '@parley/client-sdk';
import { EarIcon, HandIcon, MicrophoneOffIcon, MoonIcon, OffTheRecordIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';
import { initialsOf, voiceOf } from '../text.js';
import { LanguageFound } from './LanguageFound.js';
import { NameSourceBadge } from './NameSourceBadge.js';
import { ParticipantMenu } from './ParticipantMenu.js';
import { QualityBars } from './QualityBars.js';
import type { SpokenLanguage } from './useSpokenLanguages.js';

export function ParticipantTile(props: {
  client: ParleyClient;
  participant: Participant;
  /** Detected by the recogniser; undefined if the language was set, or is not detected yet. */
  language: SpokenLanguage | undefined;
  /** Their speech is not transcribed until they say their wake phrase. */
  asleep: boolean;
  /** The current or last speaker. */
  active: boolean;
  isSelf: boolean;
  /** Whether some people in the room are not guests, so that guests are marked. */
  mixed: boolean;
  moderates: boolean;
  onError: (error: unknown) => void;
}) {
  const { client, participant, language, asleep, active, isSelf, mixed, moderates, onError } = props;
  const { participantId, displayName, publishing, muted, speaking } = participant;
  const { mutedByModerator = false, asksToSpeak = false, notTranscribed = [] } = participant;
  const { call } = useText().text;
  return (
    <li
      className={`tile voice-${voiceOf(participantId)} ${speaking ? 'speaking' : ''} ${active ? 'active' : ''}`}
      data-testid="participant"
      data-participant-id={participantId}
      data-speaking={speaking}
      data-muted={muted}
      data-muted-by-moderator={mutedByModerator}
      data-not-transcribed={notTranscribed.join(' ')}
    >
      <span className="avatar" aria-hidden="true">
        {initialsOf(displayName)}
      </span>
      <p className="name">
        <bdi>{displayName}</bdi>
        <NameSourceBadge named={participant} mixed={mixed} />
        {isSelf ? <span className="soft">({call.you})</span> : null}
      </p>
      <p className="doing">
        {asksToSpeak ? (
          <>
            <HandIcon />
            {call.asksToSpeak}
          </>
        ) : !publishing ? (
          <>
            <EarIcon />
            {call.listens}
          </>
        ) : muted ? (
          <>
            <MicrophoneOffIcon />
            {mutedByModerator ? call.mutedByModerator : call.muted}
          </>
        ) : asleep ? (
          <>
            <MoonIcon />
            {call.asleep}
          </>
        ) : speaking ? (
          call.speaks
        ) : null}
        {/* Of the whole room, the header says it. */}
        {notTranscribed.includes('offTheRecord') ? (
          <span className="tile-record" data-testid="off-the-record">
            <OffTheRecordIcon />
            {call.isOffTheRecord}
          </span>
        ) : notTranscribed.includes('noConsent') ? (
          <span className="tile-record" data-testid="no-consent">
            <OffTheRecordIcon />
            {call.hasNotConsented}
          </span>
        ) : null}
      </p>
      {language === undefined ? null : <LanguageFound found={language} />}
      {/* Nothing arrives from participants who send nothing, so there is nothing to measure. */}
      {publishing && !muted ? <QualityBars client={client} participantId={participantId} /> : null}
      {isSelf ? null : (
        <ParticipantMenu
          client={client}
          participant={participant}
          language={language}
          moderates={moderates}
          onError={onError}
        />
      )}
    </li>
  );
}
