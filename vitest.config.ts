import { defineConfig } from 'vitest/config';

const SECOND = 1_000;
/** A test that expects nothing fails. */
const REQUIRED = { requireAssertions: true };

export default defineConfig({
  test: {
    // A report's titles begin with the id of what they show (K13, S5), where a test has one; its suite stands beside it.
    reporters: ['default', ['junit', { titleTemplate: '{title}', classnameTemplate: '{filename} > {suitename}' }]],
    outputFile: { junit: 'test-results/last-run.xml' },
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          expect: REQUIRED,
          include: [
            '{native,bootstrap,certs}/**/*.test.{ts,mjs}',
            'client-sdk/tools/**/*.test.mjs',
            '{media,client-sdk,server,demo,bench}/src/**/*.test.ts',
            'server/web/src/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 30 * SECOND,
        },
      },
      {
        test: {
          name: 'contract',
          environment: 'node',
          expect: REQUIRED,
          include: ['test/contract/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 30 * SECOND,
          hookTimeout: 60 * SECOND,
        },
      },
      {
        test: {
          name: 'integration',
          environment: 'node',
          expect: REQUIRED,
          include: ['test/integration/**/*.test.ts'],
          // Real processes on few cores: one file after the other.
          fileParallelism: false,
          testTimeout: 60 * SECOND,
          hookTimeout: 60 * SECOND,
        },
      },
      {
        test: {
          name: 'browser',
          environment: 'node',
          expect: REQUIRED,
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 240 * SECOND,
          hookTimeout: 120 * SECOND,
        },
      },
    ],
  },
});
