import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const folder = new TemporaryFolder('socket-message');
afterAll(() => folder[Symbol.dispose]());

const unavailable = process.platform === 'linux' ? null : 'needs Linux';
const title = 'questions about sockets and their answers, under sanitizers';

it.skipIf(unavailable !== null)(
  unavailable === null ? title : `${title} (skipped: ${unavailable})`,
  { timeout: SANITIZED_MS },
  async () => {
    const sources = [join(here, 'socket_message_test.cc'), join(here, '../../../native/processes/socket_message.cc')];
    expect(await runSanitized(folder.file('socket_message_test'), sources)).toEqual(['7 tests, 0 failed']);
  },
);
