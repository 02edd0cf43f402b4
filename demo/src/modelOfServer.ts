import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { z } from 'zod';
import { DemoError } from './DemoError.js';
import type { RunningModel } from './meeting/chooseMeeting.js';

const TIMEOUT_MS = 10_000;
const MOST_CHARACTERS = 65_536;
const answerSchema = z.object({ model: z.object({ name: z.string().max(1_000), demo: z.boolean() }) });

/**
 * Asks a server which model it has. Its certificate is not checked, just as in the demo's browsers: nothing secret is sent.
 *
 * @throws {DemoError} if it does not answer, or is not a Parley server
 */
export async function modelOfServer(serverUrl: string): Promise<RunningModel> {
  const url = new URL('/api/identity', serverUrl);
  try {
    return answerSchema.parse(JSON.parse(await textOf(await get(url)))).model;
  } catch (error) {
    throw new DemoError(`${serverUrl} does not answer like a Parley server. Is one running there?`, { cause: error });
  }
}

function get(url: URL): Promise<IncomingMessage> {
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS) };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? getSecure(url, { ...options, rejectUnauthorized: false }, resolve)
        : getPlain(url, options, resolve);
    request.on('error', reject);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) {
    text += part;
    if (text.length > MOST_CHARACTERS) throw new Error('the answer is too long');
  }
  return text;
}
