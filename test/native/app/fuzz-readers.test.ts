import { mkdirSync, writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { AppReader, type AppReaderCode } from '../../../src/native/app-flows.ts';
import { DNS_FLOWS } from '../../support/app/dns-flows.ts';
import { bytesOf, type Sent } from '../../support/app/drive.ts';
import { PLAIN_HTTP } from '../../support/app/http-flows.ts';
import { cryptoFrame, longPacket } from '../../support/app/quic.ts';
import { answerOf, browserHello, clientPacket, datagram, ends, eventsOf, type Plan, V2 } from '../../support/app/quic-flows.ts';
import { smtpDialogues } from '../../support/app/smtp.ts';
import { sshConnections } from '../../support/app/ssh.ts';
import { segments } from '../../support/app/stream-mutants.ts';
import { hasCommand, mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { FLOWS } from './tls-flows.ts';

/** For compiling, or running what was compiled, on a machine that does other things too. */
const STEP_MS = 280_000;
const RUNS = 8000;
const LONGEST = 8192;
const ENDED = 1;

const folder = new TemporaryFolder('fuzz-readers');
afterAll(() => folder[Symbol.dispose]());

/** An input of fuzz_readers.cc: the flow at its usual port. */
function seed(protocol: AppReaderCode, sent: readonly Sent[]): Uint8Array {
  const events = sent.map(([side, message]) => {
    const bytes = bytesOf(message);
    return [Uint8Array.of(side, bytes.length & 0xff, bytes.length >> 8), bytes];
  });
  return Buffer.concat([Uint8Array.of(protocol - 1, 0, ENDED), ...events.flat()]);
}

/** Each message in segments. */
const segmented = (sent: readonly Sent[]): Sent[] => segments(sent, () => 350).map(({ side, bytes }) => [side, bytes]);

const sentOf = (plan: Plan): Sent[] => eventsOf(plan).map(({ side, bytes }) => [side, bytes]);

function quicFlows(): Sent[][] {
  const opened = [ends(1, 8, 0, 8), ends(12, 8, 8, 16, V2)].map((at) =>
    sentOf([datagram(0, [clientPacket(at, cryptoFrame(0, browserHello(at, 'www.example.org', false)), { size: 1250 })]), answerOf(at)]),
  );
  const at = ends(1, 8, 0, 8);
  const large = browserHello(at, 'large.example.org', true);
  const parts = [0, 1].map((number) =>
    datagram(0, [
      clientPacket(at, cryptoFrame(900 * number, large.subarray(900 * number, number === 0 ? 900 : undefined)), { size: 1250, number }),
    ]),
  );
  // The connection id, and so the keys, of RFC 9001 appendix A.
  const example = longPacket(cryptoFrame(0, browserHello(at, 'example.com', false)), { size: 1200, number: 2 });
  // More packets that cannot be opened than are tried of one flow, before the hello is whole.
  const damaged = longPacket(cryptoFrame(0, new Uint8Array(20)), { destination: at.first, keyId: at.client, size: 60 });
  const [first, rest] = sentOf(parts);
  const noise = Array.from({ length: 7 }, (): Sent => [0, Buffer.concat([damaged, damaged, damaged, damaged])]);
  return [...opened, sentOf([...parts, answerOf(at)]), [[0, example]], [first, ...noise, rest]];
}

function seeds(): Uint8Array[] {
  const flows: [AppReaderCode, readonly (readonly Sent[])[]][] = [
    [AppReader.TLS, FLOWS.map(({ sent }) => sent)],
    [AppReader.HTTP, PLAIN_HTTP.flatMap(({ sent }) => [sent, segmented(sent)])],
    [AppReader.DNS, Object.values(DNS_FLOWS).map(({ events }) => events.map(({ side, bytes }) => [side, bytes] as const))],
    [AppReader.QUIC, quicFlows()],
    [AppReader.SSH, Object.values(sshConnections)],
    [AppReader.SMTP, Object.values(smtpDialogues)],
  ];
  return flows.flatMap(([protocol, talks]) => talks.map((sent) => seed(protocol, sent)).filter(({ length }) => length <= LONGEST));
}

it.runIf(hasCommand('clang++'))('native readers keep their promises for any flow', { timeout: 2 * STEP_MS + 10_000 }, async () => {
  await mustRun('bash', [path(import.meta.dirname, 'build.sh'), folder.path], { timeoutMs: STEP_MS });
  const corpus = folder.file('seeds');
  mkdirSync(corpus);
  for (const [i, bytes] of seeds().entries()) writeFileSync(path(corpus, `${i}`), bytes);
  // An input that takes longer than -timeout is a finding: the fuzzer then prints where it was, and keeps the input.
  const options = [`-runs=${RUNS}`, '-seed=1', `-max_len=${LONGEST}`, '-timeout=60', `-artifact_prefix=${folder.path}/`];
  const { stderr } = await mustRun(folder.file('fuzz_readers'), [...options, corpus], { timeoutMs: STEP_MS });
  // The last line only: thousands before it tell of new coverage.
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^Done ${RUNS} runs in \\d+ second`));
});
