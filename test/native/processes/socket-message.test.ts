import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const STEP_MS = 120_000;
const here = import.meta.dirname;
const folder = new TemporaryFolder('socket-message');
afterAll(() => folder[Symbol.dispose]());

const unavailable = process.platform === 'linux' ? null : 'needs Linux';
const title = 'questions about sockets and their answers, under sanitizers';

it.skipIf(unavailable !== null)(unavailable === null ? title : `${title} (skipped: ${unavailable})`, { timeout: 2 * STEP_MS }, async () => {
  const program = folder.file('socket_message_test');
  const sources = [
    join(here, '../decode/main.cc'),
    join(here, 'socket_message_test.cc'),
    join(here, '../../../native/processes/socket_message.cc'),
  ];
  const flags = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Wshadow', '-Werror', '-fno-sanitize-recover=all'];
  await mustRun(process.env.CXX ?? 'c++', [...flags, '-fsanitize=address,undefined', ...sources, '-o', program], { timeoutMs: STEP_MS });
  const { stdout } = await mustRun(program, [], { timeoutMs: STEP_MS });
  expect(stdout).toMatch(/^7 tests/m);
});
