import { request } from 'node:https';

export interface Answer {
  status: number;
  body: string;
}

type Headers = Record<string, string>;

/** A GET request to a server with a development certificate, which only this machine trusts. */
export function httpsGet(url: string | URL, headers: Headers = {}): Promise<Answer> {
  return ask(url, { method: 'GET', headers });
}

export function httpsPost(url: string | URL, options: { body: string; headers: Headers }): Promise<Answer> {
  return ask(url, { method: 'POST', ...options });
}

export function httpsDelete(url: string | URL, headers: Headers = {}): Promise<Answer> {
  return ask(url, { method: 'DELETE', headers });
}

function ask(url: string | URL, options: { method: string; headers: Headers; body?: string }): Promise<Answer> {
  const { method, headers } = options;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, rejectUnauthorized: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(options.body);
  });
}
