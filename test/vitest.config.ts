import { defineConfig } from 'vitest/config';

/** Timeouts are safety nets against a hang, never an assertion of speed: speed is measured by `npm run bench`. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    setupFiles: ['test/support/property-seed.ts'],
  },
});
