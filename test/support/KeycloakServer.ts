import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './freePort.js';
import { KeycloakAdmin } from './KeycloakAdmin.js';
import { postForm } from './postForm.js';

/** The folder of a prepared Keycloak, set by `npm test`. */
const distribution = process.env.PARLEY_KEYCLOAK;
/** For `describe.skipIf(!keycloakAvailable)`. */
export const keycloakAvailable = distribution !== undefined && distribution !== '';
/** Why there is none. */
export const keycloakSkippedReason = keycloakAvailable
  ? undefined
  : (process.env.PARLEY_KEYCLOAK_SKIPPED ?? 'PARLEY_KEYCLOAK names no folder; npm test sets it.');
/** For the `beforeAll` that starts one. */
export const KEYCLOAK_START_TIMEOUT_MS = 200_000;

const REALM_FILE = new URL('../../server/keycloak/parley-realm.json', import.meta.url);
const REALM = 'parley';
const WEB_CLIENT = 'parley-web';
const START_LIMIT_MS = 180_000;
const ASK_EVERY_MS = 250;
const LOG_LINES = 30;
/** Short-lived, on few cores: a quick start matters more than later speed. */
const JAVA_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC';
/**
 * Keycloak in a shell that holds our pipe: however this process ends, so do both, and the folder is removed. The shell leads its own
 * process group, which is what `kill 0` means.
 */
const KEEPER = '{ "$@" </dev/null; kill -KILL 0; } & read -r _; rm -rf -- "$PARLEY_RUN_FOLDER"; kill -KILL 0';

export interface KeycloakOptions {
  /** Certificate authority (PEM) for the addresses that Keycloak itself calls. */
  caFile?: string;
  /** Origin of the meeting page, e.g. `https://127.0.0.1:40123`, also for Keycloak's posts to it; default: as in the realm's file. */
  redirectOrigin?: string;
  /** Where back-channel logouts go; default: as in the realm's file. */
  backchannelUrl?: string;
}

export interface Tokens {
  accessToken: string;
  /** Only for users, with the scope `openid`. */
  idToken?: string;
  refreshToken?: string;
}

/** A real Keycloak with Parley's realm, without users, in memory. The prepared folder that it starts from is not changed. */
export class KeycloakServer {
  /** e.g. `http://127.0.0.1:40321` */
  readonly url: string;
  readonly issuer: string;
  readonly admin: KeycloakAdmin;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #log = '';
  #hasEnded = false;

  private constructor(parts: { url: string; folder: string; process: ChildProcess; admin: KeycloakAdmin }) {
    this.url = parts.url;
    this.issuer = `${parts.url}/realms/${REALM}`;
    this.admin = parts.admin;
    this.#folder = parts.folder;
    this.#process = parts.process;
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#log = (this.#log + chunk).slice(-65_536);
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true;
        resolve();
      };
      this.#process.once('exit', end);
      this.#process.once('error', end);
    });
  }

  /** Resolves when the realm answers. @throws Error with the end of its log if it does not within three minutes */
  static async start(options: KeycloakOptions = {}): Promise<KeycloakServer> {
    if (!keycloakAvailable || distribution === undefined)
      throw new Error(`There is no Keycloak: ${keycloakSkippedReason}`);
    const folder = mkdtempSync(join(tmpdir(), 'parley-keycloak-'));
    layOut({ folder, realm: realmFor(options) });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const credentials = { username: 'root', password: randomBytes(24).toString('base64url') };
    const server = new KeycloakServer({
      url,
      folder,
      process: spawn(
        '/bin/sh',
        [
          '-c',
          KEEPER,
          'keycloak',
          join(folder, 'bin', 'kc.sh'),
          'start',
          '--optimized',
          '--import-realm',
          '--cache=local',
          '--http-enabled=true',
          '--http-host=127.0.0.1',
          `--http-port=${port}`,
          `--hostname=${url}`,
          ...(options.caFile === undefined ? [] : [`--truststore-paths=${options.caFile}`]),
        ],
        {
          cwd: folder,
          detached: true,
          stdio: ['pipe', 'pipe', 'pipe'],
          env: { ...environment(), ...bootstrapAdmin(credentials), PARLEY_RUN_FOLDER: folder },
        },
      ),
      admin: new KeycloakAdmin({ url, realm: REALM, credentials }),
    });
    try {
      await server.#answers();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** The last lines of its output. */
  get log(): string {
    return this.#log.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  }

  /** A sign-in without a browser, which this copy of the realm allows. */
  passwordToken(options: { username: string; password: string; scope?: string }): Promise<Tokens> {
    const { username, password, scope = 'openid' } = options;
    return this.#token({ grant_type: 'password', client_id: WEB_CLIENT, username, password, scope });
  }

  /** A newer token of the same sign-in. */
  refreshedToken(options: { refreshToken: string }): Promise<Tokens> {
    return this.#token({ grant_type: 'refresh_token', client_id: WEB_CLIENT, refresh_token: options.refreshToken });
  }

  /** For a service account; the secret was set with `admin.setClientSecret`. */
  clientCredentialsToken(options: { secret: string; clientId?: string }): Promise<Tokens> {
    const { secret, clientId = 'parley-service' } = options;
    return this.#token({ grant_type: 'client_credentials', client_id: clientId, client_secret: secret });
  }

  /** Kills its whole process group and removes its folder. Idempotent. */
  async close(): Promise<void> {
    const { pid } = this.#process;
    if (pid !== undefined && !this.#hasEnded) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #token(form: Record<string, string>): Promise<Tokens> {
    const answer = (await postForm(`${this.issuer}/protocol/openid-connect/token`, form)) as {
      access_token: string;
      id_token?: string;
      refresh_token?: string;
    };
    return {
      accessToken: answer.access_token,
      ...(answer.id_token === undefined ? {} : { idToken: answer.id_token }),
      ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    };
  }

  async #answers(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      if (this.#hasEnded) throw new Error(`Keycloak ended before its realm answered. Its last lines:\n${this.log}`);
      const status = await fetch(this.issuer, { signal: AbortSignal.timeout(5_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (status) return;
      if (performance.now() > deadline)
        throw new Error(
          `Keycloak's realm did not answer within ${START_LIMIT_MS / 1_000} s. Its last lines:\n${this.log}`,
        );
      await delay(ASK_EVERY_MS);
    }
  }
}

/** Each run has its own folder to write to, but shares the 160 MB of libraries in the prepared folder. */
function layOut({ folder, realm }: { folder: string; realm: string }): void {
  const from = distribution ?? '';
  for (const name of ['bin', 'conf', 'lib/app', 'lib/quarkus', 'lib/quarkus-run.jar'])
    cpSync(join(from, name), join(folder, name), { recursive: true });
  symlinkSync(join(from, 'lib', 'lib'), join(folder, 'lib', 'lib'));
  for (const name of ['providers', 'themes', 'data/import']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'data', 'import', 'parley-realm.json'), realm);
}

interface Client {
  clientId: string;
  adminUrl?: string;
  directAccessGrantsEnabled: boolean;
  redirectUris: string[];
  attributes?: Record<string, string>;
}

/** The realm as shipped, with the addresses of a test and sign-ins without a browser. */
function realmFor({ redirectOrigin, backchannelUrl }: KeycloakOptions): string {
  const realm = JSON.parse(readFileSync(REALM_FILE, 'utf8')) as { clients: Client[] };
  const web = realm.clients.find(({ clientId }) => clientId === WEB_CLIENT);
  if (web === undefined) throw new Error(`The realm has no client ${WEB_CLIENT}.`);
  web.directAccessGrantsEnabled = true;
  if (redirectOrigin !== undefined) {
    web.redirectUris = [`${redirectOrigin}/*`];
    if (web.adminUrl !== undefined) web.adminUrl = `${redirectOrigin}${new URL(web.adminUrl).pathname}`;
  }
  if (backchannelUrl !== undefined) web.attributes = { ...web.attributes, 'backchannel.logout.url': backchannelUrl };
  return JSON.stringify(realm);
}

/** Without variables that would affect Keycloak or its Java from outside. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(KC_|KEYCLOAK|JAVA_(?!HOME$)|DEBUG)/.test(name));
  return { ...Object.fromEntries(kept), JAVA_OPTS_APPEND: JAVA_OPTIONS };
}

function bootstrapAdmin({ username, password }: { username: string; password: string }): NodeJS.ProcessEnv {
  return { KC_BOOTSTRAP_ADMIN_USERNAME: username, KC_BOOTSTRAP_ADMIN_PASSWORD: password };
}
