import type { ParleyClient, Participant } from '@parley/client-sdk';
import { useState } from 'react';
import { Button, IconButton } from '../design/Button.js';
import { MicrophoneIcon, MicrophoneOffIcon, MoreIcon, RemoveIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useText } from '../i18n/I18n.js';
import { LanguageFound } from './LanguageFound.js';
import type { SpokenLanguage } from './useSpokenLanguages.js';

/** Actions for another participant: volume and, for moderators, mute and remove. */
export function ParticipantMenu(props: {
  client: ParleyClient;
  participant: Participant;
  language: SpokenLanguage | undefined;
  moderates: boolean;
  onError: (error: unknown) => void;
}) {
  const { client, participant, language, moderates, onError } = props;
  const { participantId, displayName, publishing, mutedByModerator } = participant;
  const { call } = useText().text;
  return (
    <Popover
      label={call.options(displayName)}
      trigger={(trigger) => (
        <IconButton
          tone="ghost"
          label={call.options(displayName)}
          icon={<MoreIcon />}
          data-testid="participant-menu"
          {...trigger}
        />
      )}
    >
      {(close) => (
        <>
          {/* On a low tile there is no room for it. */}
          {language === undefined ? null : <LanguageFound found={language} />}
          {publishing ? <Volume client={client} participant={participant} /> : null}
          {moderates && mutedByModerator === true ? (
            <Button
              icon={<MicrophoneIcon />}
              aria-label={call.liftMuteNamed(displayName)}
              data-testid="lift-mute-button"
              onClick={() => {
                close();
                client.liftMute(participantId).catch(onError);
              }}
            >
              {call.liftMute}
            </Button>
          ) : null}
          {moderates && mutedByModerator !== true ? (
            <Button
              icon={<MicrophoneOffIcon />}
              aria-label={call.muteNamed(displayName)}
              data-testid="mute-other-button"
              onClick={() => {
                close();
                client.muteParticipant(participantId).catch(onError);
              }}
            >
              {call.muteOther}
            </Button>
          ) : null}
          {moderates ? (
            <Button
              className="warning-button"
              icon={<RemoveIcon />}
              aria-label={call.removeNamed(displayName)}
              data-testid="remove-button"
              onClick={() => {
                close();
                client.removeParticipant(participantId).catch(onError);
              }}
            >
              {call.removeOther}
            </Button>
          ) : null}
          {publishing || moderates ? null : <p className="hint">{call.listens}</p>}
        </>
      )}
    </Popover>
  );
}

function Volume({ client, participant }: { client: ParleyClient; participant: Participant }) {
  const { participantId, displayName } = participant;
  const { call } = useText().text;
  const [volume, setVolume] = useState(() => client.audio.volumeOf(participantId));
  return (
    <label className="field">
      {call.volume(displayName)}
      <input
        className="slider"
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={volume}
        data-testid="volume-slider"
        onChange={(event) => {
          const next = event.target.valueAsNumber;
          setVolume(next);
          client.audio.setVolume({ participantId, volume: next });
        }}
      />
    </label>
  );
}
