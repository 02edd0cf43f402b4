import { errorOf, ParleyClient } from '@parley/client-sdk';

const ROOM = 'daily';
const status = document.querySelector('#status');
const captions = document.querySelector('#captions');

/** The person's token, from their session with this application. The SDK asks before each connection, and before a token expires. */
async function getToken() {
  const answer = await fetch('/token');
  // Not tried again: only the person can sign in.
  if (answer.status === 403) throw errorOf('SIGNED_OUT');
  if (!answer.ok) throw errorOf('IDENTITY_UNAVAILABLE');
  return (await answer.json()).token;
}

try {
  const client = await ParleyClient.join({ url: document.body.dataset.parley, room: ROOM, getToken, playback: false });
  say(`${client.self.displayName}, in the room ${ROOM}.`);
  client.on('disconnected', ({ error, willReconnect }) => say(willReconnect ? 'Reconnecting.' : error.message));
  client.on('reconnected', () => say('Back in the room.'));
  client.transcript.subscribe(() => render(client.transcript.getSnapshot()));
  render(client.transcript.getSnapshot());
} catch (error) {
  say(error.message);
}

function say(text) {
  status.textContent = text;
}

/** One line per segment, identified by its id from the first interim to the final. */
function render(segments) {
  const lines = segments.map(({ id, displayName, text, status }) => {
    const line = document.getElementById(id) ?? Object.assign(document.createElement('li'), { id });
    line.className = status;
    line.textContent = `${displayName}: ${status === 'gap' ? '[inaudible]' : text}`;
    return line;
  });
  captions.replaceChildren(...lines);
}
