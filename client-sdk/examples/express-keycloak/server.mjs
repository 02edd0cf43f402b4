/** An Express application that lets people in with `keycloak-connect`, and shows them Parley's captions on one of its pages. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import express from 'express';
import session from 'express-session';
import Keycloak from 'keycloak-connect';

const PARLEY_URL = process.env.PARLEY_URL ?? 'https://localhost:8443';
const PORT = Number(process.env.PORT ?? 3000);
/** Parley asks for a new token a minute before the old one expires; an answer with the same token would be of no use. */
const MIN_VALIDITY_S = 90;

const secret = process.env.KEYCLOAK_CLIENT_SECRET;
if (secret === undefined) {
  console.error('Set KEYCLOAK_CLIENT_SECRET to the secret of the client express-example.');
  process.exit(1);
}
const store = new session.MemoryStore();
const keycloak = new Keycloak(
  { store },
  {
    realm: 'parley',
    'auth-server-url': process.env.KEYCLOAK_URL ?? 'http://localhost:8080',
    resource: 'express-example',
    credentials: { secret },
  },
);
// A program that asks for a token wants an answer, not the page to sign in.
keycloak.redirectToLogin = ({ path }) => path !== '/token';

const app = express();
app.disable('x-powered-by');
app.use(
  session({
    store,
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    // `secure` with https; `lax`, because Keycloak sends people back from another site.
    cookie: { httpOnly: true, sameSite: 'lax' },
  }),
);
app.use(keycloak.middleware({ logout: '/logout' }));

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const captions = (await readFile(file('captions.html'), 'utf8')).replace('PARLEY_URL', PARLEY_URL);

app.get('/', (_request, response) => response.sendFile(file('index.html')));
app.get('/captions', keycloak.protect('realm:participant'), (_request, response) =>
  response.type('html').send(captions),
);
app.get('/captions.js', (_request, response) => response.sendFile(file('captions.js')));
app.get('/parley.js', (_request, response) => {
  const sdk = new URL('dist/bundle/parley.js', import.meta.resolve('@parley/client-sdk/package.json'));
  response.sendFile(fileURLToPath(sdk));
});
app.get('/token', keycloak.protect('realm:participant'), async (request, response) => {
  response.set('Cache-Control', 'no-store');
  try {
    response.json({ token: await freshToken(request, response) });
  } catch {
    // Signed out elsewhere, or the sign-in has expired.
    response.status(403).end();
  }
});

/** `keycloak-connect` renews a token when it has expired, which is too late for an open connection. */
async function freshToken(request, response) {
  const { grant } = request.kauth;
  if (grant.access_token.content.exp - Date.now() / 1_000 > MIN_VALIDITY_S) return grant.access_token.token;
  grant.isExpired = () => true;
  const renewed = await keycloak.grantManager.ensureFreshness(grant);
  keycloak.storeGrant(renewed, request, response);
  return renewed.access_token.token;
}

const server = app.listen(PORT, 'localhost', () => {
  console.log(`Open http://localhost:${server.address().port} (captions come from ${PARLEY_URL})`);
});
