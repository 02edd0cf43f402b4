import { ParleyClient } from '@parley/client-sdk';

const form = document.querySelector('#join');
const status = document.querySelector('#status');
const captions = document.querySelector('#captions');
/** The server behind `serve.mjs`, or another one: `?server=https://meet.example:8443`. */
const url = new URLSearchParams(location.search).get('server') ?? location.origin;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  form.hidden = true;
  status.textContent = 'Joining.';
  try {
    const client = await ParleyClient.join({
      url,
      room: fields.get('room'),
      name: fields.get('name'),
      microphone: fields.has('microphone'),
    });
    status.textContent = `In the room ${fields.get('room')}.`;
    client.on('error', ({ error }) => say(error.message));
    client.on('disconnected', ({ error, willReconnect }) => say(willReconnect ? 'Reconnecting.' : error.message));
    client.on('reconnected', () => say('Back in the room.'));
    client.on('audioPlaybackBlocked', () =>
      document.addEventListener('click', () => client.resumeAudio(), { once: true }),
    );
    client.transcript.subscribe(() => render(client.transcript.getSnapshot()));
    render(client.transcript.getSnapshot());
  } catch (error) {
    form.hidden = false;
    say(error.message);
  }
});

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
