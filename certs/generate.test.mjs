import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDevelopmentCertificate } from './generate.mjs';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.UTC(2030, 0, 15);

let parent;
let dir;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parley-certs-'));
  dir = join(parent, 'tls');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const ensure = (addresses = ['meet.example'], atMs = START_MS) =>
  ensureDevelopmentCertificate({ dir, addresses, now: () => atMs });
const certificate = async (path) => new X509Certificate(await readFile(path, 'utf8'));

describe('ensureDevelopmentCertificate', () => {
  it('names every given host and address, and loopback besides', async () => {
    const { certPath, created } = await ensure(['meet.example', '192.168.1.7', '[fd00::7]', 'fe80::1%eth0']);
    const leaf = await certificate(certPath);
    expect(created).toBe(true);
    for (const address of ['192.168.1.7', 'fd00::7', 'fe80::1', '127.0.0.1', '::1']) {
      expect(leaf.checkIP(address), address).toBeDefined();
    }
    for (const host of ['meet.example', 'localhost']) {
      expect(leaf.checkHost(host, { subject: 'never' }), host).toBeDefined();
    }
    expect(leaf.checkHost('other.example')).toBeUndefined();
  });

  it('leaves out what cannot stand in a certificate, and is not issued again for it', async () => {
    expect((await ensure(['', 'my host', 'bücher.example'])).created).toBe(true);
    const again = await ensure(['', 'my host', 'bücher.example']);
    expect(again.created).toBe(false);
    expect((await certificate(again.certPath)).checkHost('xn--bcher-kva.example')).toBeDefined();
  });

  it('is believed by a client that trusts the authority, and by no other', async () => {
    const { caPath, certPath, keyPath } = await ensureDevelopmentCertificate({ dir, addresses: ['127.0.0.1'] });
    const [ca, cert, key] = await Promise.all([caPath, certPath, keyPath].map((path) => readFile(path)));
    const server = createServer({ cert, key });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const attempt = (options) =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: server.address().port, ...options });
        socket.once('secureConnect', () => resolve('trusted'));
        socket.once('error', (error) => resolve(error.code));
      }).finally(() => server.closeAllConnections());
    try {
      expect(await attempt({ ca })).toBe('trusted');
      expect(await attempt({ ca, servername: 'other.example', host: '127.0.0.1' })).toBe(
        'ERR_TLS_CERT_ALTNAME_INVALID',
      );
      expect(await attempt({})).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('signs the leaf with an authority that may sign leaves only', async () => {
    const { caPath, certPath } = await ensure();
    const [ca, leaf] = await Promise.all([certificate(caPath), certificate(certPath)]);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(ca.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect((await readFile(certPath, 'utf8')).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('keeps within the 398 days that browsers allow', async () => {
    const leaf = await certificate((await ensure()).certPath);
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThanOrEqual(398 * DAY_MS);
    expect(Date.parse(leaf.validTo) - START_MS).toBeGreaterThan(390 * DAY_MS);
  });

  it('hides the keys from other accounts', async () => {
    const { keyPath } = await ensure();
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(keyPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'ca.key'))).mode & 0o777).toBe(0o600);
  });

  it('does nothing while the certificate is good', async () => {
    const first = await ensure();
    const before = await readFile(first.certPath, 'utf8');
    const second = await ensure();
    expect(second).toEqual({ ...first, created: false });
    expect(await readFile(first.certPath, 'utf8')).toBe(before);
  });

  it('issues one certificate where two ask at the same time', async () => {
    const results = await Promise.all([ensure(), ensure()]);
    expect(results.map((result) => result.created)).toEqual([true, false]);
  });

  it('issues a new leaf with the same authority for an address it does not name', async () => {
    const first = await ensure(['a.example']);
    const ca = await readFile(first.caPath, 'utf8');
    const second = await ensure(['a.example', '10.0.0.9']);
    expect(second.created).toBe(true);
    expect((await certificate(second.certPath)).checkIP('10.0.0.9')).toBeDefined();
    expect(await readFile(second.caPath, 'utf8')).toBe(ca);
  });

  it('renews the leaf in the last week, not before, and keeps the authority', async () => {
    const first = await ensure();
    const ca = await readFile(first.caPath, 'utf8');
    const endMs = Date.parse((await certificate(first.certPath)).validTo);
    expect((await ensure(undefined, endMs - 8 * DAY_MS)).created).toBe(false);
    expect((await ensure(undefined, endMs - 6 * DAY_MS)).created).toBe(true);
    expect(await readFile(first.caPath, 'utf8')).toBe(ca);
  });

  it('makes a new authority before the old one ends, so that no leaf outlives it', async () => {
    const first = await ensure();
    const caEndMs = Date.parse((await certificate(first.caPath)).validTo);
    await ensure(undefined, caEndMs - 20 * DAY_MS);
    expect(Date.parse((await certificate(first.certPath)).validTo)).toBeLessThanOrEqual(caEndMs);
    const before = await readFile(first.caPath, 'utf8');
    expect((await ensure(undefined, caEndMs - 10 * DAY_MS)).created).toBe(true);
    expect(await readFile(first.caPath, 'utf8')).not.toBe(before);
    expect((await ensure(undefined, caEndMs - 10 * DAY_MS)).created).toBe(false);
  });

  it.each(['ca.crt', 'ca.key', 'server.crt', 'server.key'])('repairs a damaged %s', async (file) => {
    await ensure();
    await writeFile(join(dir, file), 'not PEM');
    expect((await ensure()).created).toBe(true);
    expect((await ensure()).created).toBe(false);
  });

  it('says so where the folder cannot be made', async () => {
    await writeFile(join(parent, 'file'), '');
    await expect(
      ensureDevelopmentCertificate({ dir: join(parent, 'file', 'tls'), addresses: [] }),
    ).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });
});
