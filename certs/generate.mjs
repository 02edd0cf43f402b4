// Creates a development certificate for servers without a configured one. Browsers allow the microphone only on secure pages, so even a
// first call from a phone needs TLS.
import { createHash, createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { domainToASCII } from 'node:url';

const DAY_MS = 24 * 60 * 60 * 1000;
const CA_LIFETIME_MS = 2 * 365 * DAY_MS;
/** Browsers refuse leaf certificates of more than 398 days; one day is kept in reserve for the backdating. */
const LEAF_LIFETIME_MS = 397 * DAY_MS;
const RENEW_BEFORE_MS = 7 * DAY_MS;
/** A certificate must not outlive its CA, so the CA is renewed first. */
const RENEW_CA_BEFORE_MS = 2 * RENEW_BEFORE_MS;
/** For a phone whose clock is behind, the certificate must not be in the future. */
const BACKDATE_MS = DAY_MS / 2;
const ALWAYS_NAMED = ['localhost', '127.0.0.1', '::1'];
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const NAME_CONSTRAINTS = '2.5.29.30';
/** The same, as it stands in a certificate: enough to see whether there are any without reading all of it. */
const NAME_CONSTRAINTS_DER = Buffer.from('0603551d1e', 'hex');

/** One call at a time per folder: two at once would each sign with a CA of their own. @type {Map<string, Promise<unknown>>} */
const inProgress = new Map();

/**
 * Makes sure that `dir` contains a certificate for every given address, signed by its own certificate authority, and returns the paths.
 * Does nothing (a few milliseconds) if the existing certificate covers the addresses and is valid for another week; otherwise issues a new
 * one. The authority can only sign for the addresses it was made for (RFC 5280, 4.2.1.10), so its key is useless against other sites. It is
 * valid for two years; while the addresses stay the same, devices that trust it keep trusting the server.
 *
 * @param {object} options
 * @param {string} options.dir Folder of its own for the files; made with mode 0700, keys with mode 0600.
 * @param {string[]} options.addresses Host names and IP addresses (IPv6 with or without brackets and zone). `localhost`
 *   and the loopback addresses are always added; names that a certificate cannot contain are left out.
 * @param {() => number} [options.now] Clock in milliseconds since 1970, for tests.
 * @returns {Promise<{ caPath: string, certPath: string, keyPath: string, created: boolean }>} `certPath` contains leaf and
 *   authority (PEM); `created` says whether a certificate was issued in this call.
 */
export async function ensureDevelopmentCertificate({ dir, addresses, now = Date.now }) {
  const folder = resolve(dir);
  const before = inProgress.get(folder) ?? Promise.resolve();
  const work = before.catch(() => {}).then(() => ensure(folder, subjectAltNames(addresses), now()));
  inProgress.set(folder, work);
  try {
    return await work;
  } finally {
    if (inProgress.get(folder) === work) inProgress.delete(folder);
  }
}

/** @param {string} dir @param {string[]} names @param {number} nowMs */
async function ensure(dir, names, nowMs) {
  const paths = {
    caPath: join(dir, 'ca.crt'),
    certPath: join(dir, 'server.crt'),
    keyPath: join(dir, 'server.key'),
  };
  const caKeyPath = join(dir, 'ca.key');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const [authority, leaf] = await Promise.all([
    readPair(paths.caPath, caKeyPath),
    readPair(paths.certPath, paths.keyPath),
  ]);
  const caValid =
    authority?.certificate.ca === true &&
    authority.certificate.raw.includes(NAME_CONSTRAINTS_DER) &&
    isValid(authority.certificate, nowMs, RENEW_CA_BEFORE_MS);
  if (
    caValid &&
    leaf !== undefined &&
    isGoodLeaf({ leaf: leaf.certificate, ca: authority.certificate, names, nowMs })
  ) {
    return { ...paths, created: false };
  }

  // Loaded only here: it takes longer than everything above together.
  const { createAuthority, createLeaf, mayName } = await loadIssuer();
  const caUsable = caValid && mayName(authority.certPem, names);
  const issuer = caUsable
    ? { certPem: authority.certPem, keyPem: authority.keyPem }
    : await createAuthority({ names, nowMs });
  if (!caUsable) {
    await writeWhole(caKeyPath, issuer.keyPem, 0o600);
    await writeWhole(paths.caPath, issuer.certPem, 0o644);
  }
  const issued = await createLeaf({ issuer, names, nowMs });
  await writeWhole(paths.keyPath, issued.keyPem, 0o600);
  await writeWhole(paths.certPath, `${issued.certPem}\n${issuer.certPem}\n`, 0o644);
  return { ...paths, created: true };
}

/**
 * The names of a certificate: no duplicates, no brackets, no IPv6 zones (they mean nothing on another machine).
 * @param {string[]} addresses
 * @returns {string[]}
 */
function subjectAltNames(addresses) {
  const names = new Set(ALWAYS_NAMED);
  for (const address of addresses) {
    const bare = address
      .trim()
      .replace(/^\[(.*)\]$/, '$1')
      .replace(/%.*$/, '');
    const name = isIP(bare) === 0 ? domainToASCII(bare) : bare;
    if (name !== '' && name.length <= 253) names.add(name);
  }
  return [...names];
}

/**
 * @param {string} certPath @param {string} keyPath
 * @returns {Promise<{ certificate: X509Certificate, certPem: string, keyPem: string } | undefined>} undefined if a file is missing or not
 * readable as PEM, or if the two do not belong together
 */
async function readPair(certPath, keyPath) {
  try {
    const [certPem, keyPem] = await Promise.all([readFile(certPath, 'utf8'), readFile(keyPath, 'utf8')]);
    await chmod(keyPath, 0o600);
    const certificate = new X509Certificate(certPem);
    return certificate.checkPrivateKey(createPrivateKey(keyPem)) ? { certificate, certPem, keyPem } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {X509Certificate} certificate @param {number} nowMs @param {number} marginMs */
function isValid(certificate, nowMs, marginMs) {
  return Date.parse(certificate.validFrom) <= nowMs && Date.parse(certificate.validTo) - nowMs >= marginMs;
}

/** @param {{ leaf: X509Certificate, ca: X509Certificate, names: string[], nowMs: number }} options */
function isGoodLeaf({ leaf, ca, names, nowMs }) {
  return (
    isValid(leaf, nowMs, RENEW_BEFORE_MS) &&
    leaf.checkIssued(ca) &&
    leaf.verify(ca.publicKey) &&
    names.every(
      (name) => (isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined,
    )
  );
}

/** Writes a file completely or not at all. @param {string} path @param {string} text @param {number} mode */
async function writeWhole(path, text, mode) {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { mode, flag: 'wx' });
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function loadIssuer() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { AsnConvert } = await import('@peculiar/asn1-schema');
  const { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } = await import('@peculiar/asn1-x509');

  const generateKeys = () => webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  /** @param {webcrypto.CryptoKey} key */
  const keyToPem = async (key) =>
    x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), x509.PemConverter.PrivateKeyTag);
  // RFC 5280, 4.1.2.2: positive and at most 20 octets.
  const serialNumber = () => `01${randomBytes(15).toString('hex')}`;

  /** A name and those below it; of addresses this one alone. @param {string} name */
  const subtreeOf = (name) => {
    const bits = { 0: undefined, 4: 32, 6: 128 }[isIP(name)];
    const base = new GeneralName(bits === undefined ? { dNSName: name } : { iPAddress: `${name}/${bits}` });
    return new GeneralSubtree({ base });
  };
  /** @param {import('@peculiar/asn1-x509').GeneralSubtree} subtree */
  const encoded = ({ base }) => Buffer.from(AsnConvert.serialize(base)).toString('hex');

  /** Whether an authority was made for all of these. @param {string} certPem @param {string[]} names */
  function mayName(certPem, names) {
    const extension = new x509.X509Certificate(certPem).getExtension(NAME_CONSTRAINTS);
    if (extension === null) return false;
    const { permittedSubtrees } = AsnConvert.parse(extension.value, NameConstraints);
    const permitted = new Set([...(permittedSubtrees ?? [])].map(encoded));
    return names.every((name) => permitted.has(encoded(subtreeOf(name))));
  }

  /** @param {{ names: string[], nowMs: number }} options */
  async function createAuthority({ names, nowMs }) {
    const keys = await generateKeys();
    const publicKey = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
    // A unique name: two authorities with the same name confuse the trust stores of phones.
    const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 8);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serialNumber(),
        name: `CN=Parley development authority ${id}`,
        notBefore: new Date(nowMs - BACKDATE_MS),
        notAfter: new Date(nowMs + CA_LIFETIME_MS),
        signingAlgorithm: KEY_ALGORITHM,
        keys,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
          // For servers, not for mail or programs: what they are called is not constrained.
          new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
          new x509.Extension(
            NAME_CONSTRAINTS,
            true,
            AsnConvert.serialize(new NameConstraints({ permittedSubtrees: new GeneralSubtrees(names.map(subtreeOf)) })),
          ),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    return { certPem: certificate.toString('pem'), keyPem: await keyToPem(keys.privateKey) };
  }

  /** @param {{ issuer: { certPem: string, keyPem: string }, names: string[], nowMs: number }} options */
  async function createLeaf({ issuer, names, nowMs }) {
    const authority = new x509.X509Certificate(issuer.certPem);
    const signingKey = await webcrypto.subtle.importKey(
      'pkcs8',
      x509.PemConverter.decodeFirst(issuer.keyPem),
      KEY_ALGORITHM,
      false,
      ['sign'],
    );
    const keys = await generateKeys();
    const notBeforeMs = nowMs - BACKDATE_MS;
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        subject: 'CN=Parley development server',
        issuer: authority.subject,
        notBefore: new Date(notBeforeMs),
        notAfter: new Date(Math.min(notBeforeMs + LEAF_LIFETIME_MS, authority.notAfter.getTime())),
        signingAlgorithm: KEY_ALGORITHM,
        publicKey: keys.publicKey,
        signingKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
          ),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
          await x509.AuthorityKeyIdentifierExtension.create(authority, false, webcrypto),
        ],
      },
      webcrypto,
    );
    return { certPem: certificate.toString('pem'), keyPem: await keyToPem(keys.privateKey) };
  }

  return { createAuthority, createLeaf, mayName };
}
