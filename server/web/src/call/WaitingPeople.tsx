import type { ParleyClient, WaitingParticipant } from '@parley/client-sdk';
import { useAccess, useWaiting } from '@parley/client-sdk/react';
import { useRef } from 'react';
import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { CheckIcon, RemoveIcon } from '../design/icons.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import { useText } from '../i18n/I18n.js';

/** Id of the switch above the list: it gets the focus when a focused row disappears. */
export const WAITING_ROOM_ID = 'waiting-room-switch';

type Part = { client: ParleyClient; onError: (error: unknown) => void };

/** For moderators: who has waited longest, and how many more wait. */
export function WaitingNotice({ client, onError }: Part) {
  const { call } = useText().text;
  const waiting = useWaiting(client);
  const { moderates } = useAccess(client);
  const [first] = waiting;
  if (!moderates || first === undefined) return null;
  const { displayName, fromAddressOfRemoved } = first;
  return (
    <Banner
      tone={fromAddressOfRemoved === true ? 'warn' : 'good'}
      testId="somebody-waits"
      action={<Decide client={client} onError={onError} waiter={first} />}
    >
      {call.waits(displayName)} {fromAddressOfRemoved === true ? call.fromAddressOfRemoved : null}{' '}
      {waiting.length > 1 ? call.moreWait(waiting.length - 1) : null}
    </Banner>
  );
}

/** For moderators: everyone who waits, the longest first. */
export function WaitingPeople({ client, onError }: Part) {
  const { call } = useText().text;
  const waiting = useWaiting(client);
  if (waiting.length === 0) return null;
  return (
    <section className="waiting-people" aria-label={call.waitingRoom}>
      <ul>
        {waiting.map((waiter) => (
          <Row key={waiter.participantId} client={client} onError={onError} waiter={waiter} />
        ))}
      </ul>
    </section>
  );
}

function Row({ client, onError, waiter }: Part & { waiter: WaitingParticipant }) {
  const { call } = useText().text;
  const row = useRef<HTMLLIElement>(null);
  useFocusHeir({ element: row, heirId: WAITING_ROOM_ID });
  return (
    <li ref={row}>
      <bdi>{waiter.displayName}</bdi>
      {waiter.fromAddressOfRemoved === true ? <span className="hint">{call.fromAddressOfRemoved}</span> : null}
      <Decide client={client} onError={onError} waiter={waiter} />
    </li>
  );
}

function Decide({ client, onError, waiter }: Part & { waiter: WaitingParticipant }) {
  const { participantId, displayName } = waiter;
  const { call } = useText().text;
  return (
    <span className="decide">
      <Button
        icon={<CheckIcon />}
        aria-label={call.admitNamed(displayName)}
        data-testid="admit-button"
        onClick={() => void client.admitParticipant(participantId).catch(onError)}
      >
        {call.admit}
      </Button>
      <Button
        icon={<RemoveIcon />}
        aria-label={call.refuseNamed(displayName)}
        data-testid="refuse-button"
        onClick={() => void client.refuseParticipant(participantId).catch(onError)}
      >
        {call.refuse}
      </Button>
    </span>
  );
}
