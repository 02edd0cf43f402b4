import type { IncomingMessage } from 'node:http';
import followRedirects from 'follow-redirects';

export type HttpGet = (
  url: string,
  options: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<IncomingMessage>;

const MOST_REDIRECTS = 5;

/**
 * GET with Node's own HTTP client, following redirects. Not with `fetch`: Node's ends the process, past every handler, if the other side
 * closes while a reader that waits for its disk has the stream paused (undici's parser, `assert(!this.paused)`).
 * @returns the answer once its head has arrived, whatever its status
 */
export const httpGet: HttpGet = (url, { headers, signal }) =>
  new Promise((resolve, reject) => {
    const { http, https } = followRedirects;
    const client = new URL(url).protocol === 'https:' ? https : http;
    const beforeRedirect = (next: { protocol?: string | null | undefined }) => {
      if (client === https && next.protocol !== 'https:')
        throw new Error('it was redirected to an address without https');
    };
    const request = client.get(url, { headers, signal, maxRedirects: MOST_REDIRECTS, beforeRedirect }, resolve);
    request.on('error', reject);
  });
