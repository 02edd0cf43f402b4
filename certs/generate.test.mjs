import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509Certificate as X509CertificateOfLibrary,
} from '@peculiar/x509';
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

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const generateKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
const pemOf = async (key) => PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** What somebody who has the authority's key can make. */
async function forgedLeaf({ ca, names, atMs = Date.now() }) {
  const keys = await generateKeys();
  const raw = PemConverter.decodeFirst(ca.key);
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=Forged by a test',
    issuer: new X509CertificateOfLibrary(ca.cert).subject,
    notBefore: new Date(atMs - DAY_MS / 4),
    notAfter: new Date(atMs + 30 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', raw, ALGORITHM, false, ['sign']),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
    ],
  });
  return { cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

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

  it('H15 an authority that a device trusts vouches for its own names and addresses alone, whoever has its key', async () => {
    const { caPath } = await ensureDevelopmentCertificate({
      dir,
      addresses: ['meet.example', '192.168.1.7', 'fd00::7'],
    });
    const ca = { cert: await readFile(caPath, 'utf8'), key: await readFile(join(dir, 'ca.key'), 'utf8') };
    const verdictOn = async (names) => {
      const leaf = await forgedLeaf({ ca, names });
      const server = createServer({ cert: `${leaf.cert}\n${ca.cert}`, key: leaf.key });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address();
      try {
        return await new Promise((resolve) => {
          const socket = connect({ host: '127.0.0.1', port, ca: ca.cert, checkServerIdentity: () => undefined });
          socket.once('secureConnect', () => {
            socket.destroy();
            resolve('trusted');
          });
          socket.once('error', (error) => resolve(error.message));
        });
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    };
    expect(await verdictOn(['meet.example', '192.168.1.7', 'fd00::7', '127.0.0.1', 'localhost'])).toBe('trusted');
    for (const name of ['bank.example', 'meet.example.evil.example', '192.168.1.8', 'fd00::8']) {
      expect(await verdictOn([name]), name).toBe('permitted subtree violation');
    }
  });

  it('H15 an authority of an earlier version, which may name everything, is replaced', async () => {
    const first = await ensure();
    const keys = await generateKeys();
    const authority = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=old',
      notBefore: new Date(START_MS - DAY_MS),
      notAfter: new Date(START_MS + 700 * DAY_MS),
      keys,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    });
    const ca = { cert: authority.toString('pem'), key: await pemOf(keys.privateKey) };
    const leaf = await forgedLeaf({ ca, names: ['meet.example', 'localhost', '127.0.0.1', '::1'], atMs: START_MS });
    await Promise.all([
      writeFile(first.caPath, ca.cert),
      writeFile(join(dir, 'ca.key'), ca.key),
      writeFile(first.certPath, `${leaf.cert}\n${ca.cert}\n`),
      writeFile(first.keyPath, leaf.key),
    ]);
    expect((await ensure()).created).toBe(true);
    expect(await readFile(first.caPath, 'utf8')).not.toBe(ca.cert);
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

  it('issues a new leaf with a new authority for an address that the old one may not name', async () => {
    const first = await ensure(['a.example']);
    const ca = await readFile(first.caPath, 'utf8');
    const second = await ensure(['a.example', '10.0.0.9']);
    expect(second.created).toBe(true);
    expect((await certificate(second.certPath)).checkIP('10.0.0.9')).toBeDefined();
    expect(await readFile(second.caPath, 'utf8')).not.toBe(ca);
    expect((await ensure(['a.example'])).created).toBe(false);
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
