import { expect, test } from 'vitest';
import { childEnvironment } from './childEnvironment.js';

test('H14 a child process gets what it needs to run, and no secret of this one', () => {
  const needed = {
    PATH: '/usr/bin',
    HOME: '/home/parley',
    TMPDIR: '/tmp',
    LC_ALL: 'C.UTF-8',
    LD_LIBRARY_PATH: '/opt/lib',
    NODE_OPTIONS: '--max-old-space-size=512',
    CUDA_VISIBLE_DEVICES: '0',
    PARLEY_CACHE: '/var/cache/parley',
  };
  const secrets = {
    PARLEY_KEYCLOAK_SERVICE_CLIENT_SECRET: 'secret',
    PARLEY_JOIN_SECRET: 'secret',
    PARLEY_JOIN_SECRET_FILE: '/run/secrets/join',
    PARLEY_CACHE_SECRET: 'secret',
    KC_BOOTSTRAP_ADMIN_PASSWORD: 'secret',
    AWS_SECRET_ACCESS_KEY: 'secret',
    MY_PATH: 'secret',
  };
  expect(childEnvironment({ ...needed, ...secrets })).toEqual({ ...needed, ORT_DISABLE_TELEMETRY: '1' });
});
