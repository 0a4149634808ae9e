import { defineConfig } from 'vitest/config';

/** These share one process per worker: they change nothing that another of them could see, and most take less than its start. */
const SHARED = ['test/unit/**', 'test/contract/**', 'test/api/**'];
/** Each has networks of its own and mostly waits; they count packets, of which a processor that is busy elsewhere could lose some. */
const LIVE = ['test/live/**'];
/** These measure what the machine does meanwhile: packets lost under load, a processor's share, times between programs. */
const ALONE = ['detection', 'full-speed', 'lifetime', 'loss', 'processes', 'quiet-attacks', 'serve-reload'].map(
  (name) => `test/live/${name}.test.ts`,
);

/** A machine of a CI does other things meanwhile; what waits for programs or measures packets gets one more try there, and the report says so. */
const RETRY = process.env.CI === undefined ? 0 : 1;

const tests = (patterns: string[]) => patterns.map((pattern) => pattern.replace('**', '**/*.test.ts'));

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    globalSetup: 'test/support/bundle-shard.ts',
    setupFiles: 'test/support/bundled-shards.ts',
    projects: [
      { extends: true, test: { name: 'shared', include: tests(SHARED), isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['test/**/*.test.ts'],
          exclude: tests([...SHARED, ...LIVE]),
          maxWorkers: 2,
          retry: RETRY,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'live', include: tests(LIVE), exclude: ALONE, maxWorkers: 3, retry: RETRY, sequence: { groupOrder: 2 } },
      },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, retry: RETRY, sequence: { groupOrder: 3 } } },
    ],
  },
});
