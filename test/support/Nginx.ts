import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** As `npm test` names it, or where Debian's package has it. */
const PROGRAM = process.env.PARLEY_NGINX || '/usr/sbin/nginx';
/** For `describe.skipIf(!nginxAvailable)`. */
export const nginxAvailable = existsSync(PROGRAM);
/** Why there is none. */
export const nginxSkippedReason = nginxAvailable
  ? undefined
  : (process.env.PARLEY_NGINX_SKIPPED ?? `there is no ${PROGRAM} (Debian: nginx); npm test fetches one`);

const START_LIMIT_MS = 10_000;
const ASK_EVERY_MS = 50;

export interface NginxOptions {
  port: number;
  /** What stands in its `server` block, besides port and certificate. */
  server: string;
  /** Absent: plain http. */
  tls?: { certPath: string; keyPath: string };
}

/** A real nginx on loopback. */
export class Nginx {
  /** e.g. `https://127.0.0.1:40321` */
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #log = '';

  private constructor(parts: { url: string; folder: string; process: ChildProcess }) {
    this.url = parts.url;
    this.#folder = parts.folder;
    this.#process = parts.process;
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-10_000);
    });
  }

  /** @throws Error with its log where it does not listen within ten seconds */
  static async start(options: NginxOptions): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-nginx-'));
    mkdirSync(join(folder, 'temp'));
    writeFileSync(join(folder, 'nginx.conf'), configurationOf({ ...options, folder }));
    // In the foreground: it ends with its folder, and nobody has to look for it.
    const child = spawn(PROGRAM, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const nginx = new Nginx({
      url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${options.port}`,
      folder,
      process: child,
    });
    try {
      await nginx.#listens(options.port);
      return nginx;
    } catch (error) {
      await nginx.close();
      throw error;
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listens(port: number): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      if (await accepts(port)) return;
      if (this.#process.exitCode !== null || performance.now() > deadline)
        throw new Error(`nginx does not listen:\n${this.#log}`);
      await delay(ASK_EVERY_MS);
    }
  }
}

function configurationOf({ folder, port, server, tls }: NginxOptions & { folder: string }): string {
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // Otherwise workers of one that root starts have another account, which the folder is closed to.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  ${temps.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};
    ${tls === undefined ? '' : `ssl_certificate ${tls.certPath}; ssl_certificate_key ${tls.keyPath};`}
    ${server}
  }
}
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
