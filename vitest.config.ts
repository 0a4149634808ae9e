import { defineConfig } from 'vitest/config';

/** These share one process per worker: they change nothing that another of them could see, and most take less than its start. */
const SHARED = ['test/unit/**', 'test/contract/**', 'test/api/**'];
/** This measures what the machine does meanwhile, and waits most of the time. */
const ALONE = ['test/live/alone.test.ts'];
/** These compile or compute, and no time is told in them: they run beside ALONE, where it leaves a processor idle. */
const PATIENT = [
  'test/corpus/**',
  'test/detection/**',
  'test/golden/**',
  'test/house/**',
  'test/native/capture/**',
  'test/native/decode/**',
  'test/native/divert/**',
  'test/native/dpi/captures.test.ts',
  'test/native/flow/**',
  'test/native/processes/socket-message.test.ts',
  'test/native/ring/**',
  'test/windows/addon.test.ts',
];
/** Each has networks of its own and mostly waits; they count packets, of which a processor that is busy elsewhere could lose some. */
const LIVE = ['test/live/**'];

const BUNDLED = 'test/support/bundled-shards.ts';

/** A machine of a CI does other things meanwhile; what waits for programs or measures packets gets one more try there, and the report says so. */
const RETRY = process.env.CI === undefined ? 0 : 1;

const tests = (patterns: string[]) => patterns.map((pattern) => pattern.replace('**', '**/*.test.ts'));

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    globalSetup: 'test/support/bundle-shard.ts',
    setupFiles: BUNDLED,
    projects: [
      { extends: true, test: { name: 'shared', include: tests(SHARED), isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      // Of the same group, those of the first name come first: one worker is theirs, two are left.
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 3, retry: RETRY, sequence: { groupOrder: 1 } } },
      {
        extends: true,
        test: {
          name: 'patient',
          include: tests(PATIENT),
          setupFiles: [BUNDLED, 'test/support/idle-priority.ts'],
          maxWorkers: 3,
          retry: RETRY,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['test/**/*.test.ts'],
          exclude: tests([...SHARED, ...PATIENT, ...LIVE]),
          maxWorkers: 2,
          retry: RETRY,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: { name: 'live', include: tests(LIVE), exclude: ALONE, maxWorkers: 3, retry: RETRY, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
