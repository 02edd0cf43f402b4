/** Reads along in a room and prints every final line, until Ctrl-C. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { joinHeadless } from '@parley/client-sdk/headless';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'https://localhost:8443' },
    room: { type: 'string', default: 'daily' },
    name: { type: 'string', default: 'Minutes' },
    ca: { type: 'string' },
  },
});
const { url, room, name, ca } = values;
// Not an argument: every account on a machine can read those.
const joinSecret = process.env.PARLEY_JOIN_SECRET;

try {
  const client = await joinHeadless({
    url,
    room,
    name,
    ...(joinSecret === undefined ? {} : { joinSecret }),
    ...(ca === undefined ? {} : { ca: await readFile(ca, 'utf8') }),
  });
  console.error(`Reading along in ${room}.`);
  client.on('segmentUpdated', ({ segment }) => {
    if (segment.status === 'final') console.log(`${segment.displayName}: ${segment.text}`);
    if (segment.status === 'gap') console.log(`${segment.displayName}: [inaudible]`);
  });
  client.on('disconnected', ({ error, willReconnect }) => {
    console.error(error.message);
    if (!willReconnect) process.exitCode = 1;
  });
  process.once('SIGINT', () => client.close()).once('SIGTERM', () => client.close());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
