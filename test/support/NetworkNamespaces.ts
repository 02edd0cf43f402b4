import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a network namespace of a test is connected to. */
export type Networks =
  /** Two machines with a cable between them, and addresses of IPv6 alone. */
  | 'twoWithIPv6'
  /** One machine with an address of IPv4, whose system has no IPv6. */
  | 'oneWithoutIPv6';

const CABLE = 'cable0';
const OTHER_END = 'cable1';

/** Networks as separate machines would have them, of Linux network namespaces. They leave the networks of this machine as they are. */
export class NetworkNamespaces {
  /** Of the machine that serves: IPv6 (unique local) or IPv4 (documentation). */
  readonly address: string;
  readonly #names: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-namespaces-'));

  private constructor(options: { address: string; names: readonly string[] }) {
    this.address = options.address;
    this.#names = options.names;
  }

  /** Why this machine does not permit them; undefined if it does. */
  static refused(): string | undefined {
    const name = `parley-${process.pid}-try`;
    try {
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'add', CABLE, 'type', 'veth', 'peer', 'name', OTHER_END);
      ip('netns', 'exec', name, 'true');
      return undefined;
    } catch (error) {
      const { code, stderr } = error as { code?: string; stderr?: Buffer };
      if (code === 'ENOENT') return 'there is no ip program (Debian: iproute2)';
      return `network namespaces with cables between them need root and its rights (${String(stderr ?? error).trim()})`;
    } finally {
      removeQuietly(name);
    }
  }

  static create(networks: Networks): NetworkNamespaces {
    const [server, client] = ['server', 'client'].map((end) => `parley-${process.pid}-${networks}-${end}`);
    if (server === undefined || client === undefined) throw new Error('unreachable');
    const address = networks === 'twoWithIPv6' ? 'fd00:7061:726c::1' : '192.0.2.1';
    const namespaces = new NetworkNamespaces({ address, names: [server, client] });
    try {
      for (const name of [server, client]) ip('netns', 'add', name);
      if (networks === 'oneWithoutIPv6') {
        ip('netns', 'exec', server, 'sh', '-c', 'echo 1 | tee /proc/sys/net/ipv6/conf/*/disable_ipv6');
      }
      ip('link', 'add', CABLE, 'netns', server, 'type', 'veth', 'peer', 'name', OTHER_END, 'netns', client);
      if (networks === 'oneWithoutIPv6') {
        ip('-n', server, 'addr', 'add', `${address}/24`, 'dev', CABLE);
      } else {
        ip('-n', server, 'addr', 'add', `${address}/64`, 'dev', CABLE, 'nodad');
        ip('-n', client, 'addr', 'add', 'fd00:7061:726c::2/64', 'dev', OTHER_END, 'nodad');
      }
      for (const [name, end] of [
        [server, CABLE],
        [client, OTHER_END],
      ] as const) {
        for (const device of ['lo', end]) ip('-n', name, 'link', 'set', device, 'up');
      }
      return namespaces;
    } catch (error) {
      namespaces.close();
      throw error;
    }
  }

  /** A program that starts another one there, with the same arguments. */
  wrapperOf(program: string, end: 'server' | 'client'): string {
    const path = join(this.#folder, `${end}.sh`);
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${this.#name(end)} '${program}' "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Runs a program there to its end. @returns what it prints */
  run(end: 'server' | 'client', ...command: readonly string[]): string {
    return ip('netns', 'exec', this.#name(end), ...command);
  }

  /** Idempotent. Programs that still run there keep their network until they end. */
  close(): void {
    for (const name of this.#names) removeQuietly(name);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #name(end: 'server' | 'client'): string {
    const name = this.#names[end === 'server' ? 0 : 1];
    if (name === undefined) throw new Error(`there is no ${end}`);
    return name;
  }
}

function removeQuietly(name: string): void {
  try {
    ip('netns', 'del', name);
  } catch {
    // It was never made, or is gone.
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
