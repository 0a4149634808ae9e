import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { HEAD_LIMIT } from '../../../src/app/assembler.ts';
import { AppReader } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { bytesOf, type Sent } from '../../support/app/drive.ts';
import { PLAIN_HTTP } from '../../support/app/http-flows.ts';
import { BODIES, LINES, TARGETS } from '../../support/app/http-lines.ts';
import { ODD_HTTP } from '../../support/app/http-odd-flows.ts';
import type { HttpFlow } from '../../support/app/http-parts.ts';
import { disagreement, type ReadEvent } from '../../support/app/native-readers.ts';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { randomOf } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('http-reader');
afterAll(() => folder[Symbol.dispose]());

const readers = new (loadAddon().FlowReaders)();
/** The first segment of a flow shows at least as much. */
const FIRST = 64;

/** Pieces of at most as many bytes as `next` says each time. */
function split(sent: readonly Sent[], next: () => number): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (const [side, piece] of sent) {
    const bytes = bytesOf(piece);
    for (let at = 0; at < bytes.length; ) {
      const step = Math.max(events.length === 0 ? FIRST : 1, next());
      events.push({ side, bytes: bytes.subarray(at, at + step) });
      at += step;
    }
  }
  return events;
}

function compared({ name, port = 80, sent }: HttpFlow, next: () => number, ended = true): string {
  const flow = { isTcp: true, clientPort: 50_000, serverPort: port, events: split(sent, next), ended };
  const { wrong, reading } = disagreement(readers, AppReader.HTTP, flow);
  if (wrong !== null) throw new Error(`${name}: ${wrong}`);
  return reading;
}

const sizeOf = ({ sent }: HttpFlow) => sent.reduce((sum, [, piece]) => sum + piece.length, 0);

describe('plain HTTP is read natively, and as the parser reads it', () => {
  test.each(PLAIN_HTTP)('$name', (flow) => {
    expect(compared(flow, () => 1460)).toBe('done');
    // What a segment may be at most, and all at once.
    expect(compared(flow, () => 65_000)).toBe('done');
    for (let seed = 1; seed <= 4; seed++) {
      const random = randomOf(seed);
      expect(compared(flow, () => 1 + Math.floor(random() * 400))).toBe('done');
    }
    if (sizeOf(flow) < 1000) expect(compared(flow, () => 1)).toBe('done');
  });

  test('cut after every byte', () => {
    for (const name of ['curl', 'chunks with extensions, spaces and a trailer, an empty one', 'wget and a short body until close']) {
      const flow = PLAIN_HTTP.find((plain) => plain.name === name) ?? PLAIN_HTTP[0];
      for (let left = sizeOf(flow); left > 0; left--) {
        let rest = left;
        const sent = flow.sent.map(([side, piece]): Sent => {
          const part = piece.slice(0, rest);
          rest -= part.length;
          return [side, part];
        });
        compared({ ...flow, sent: sent.filter(([, piece]) => piece.length > 0) }, () => 1460);
      }
    }
  });
});

test.each(ODD_HTTP)('odd: $name', (flow) => {
  expect(compared(flow, () => 1460)).toBe('odd');
  // As soon as it has come.
  expect(compared(flow, () => 1460, false)).toBe('odd');
});

type Random = () => number;
const below = (random: Random, count: number) => Math.floor(random() * count);
const pick = <T>(random: Random, list: readonly T[]) => list[below(random, list.length)];

function mutatedText(random: Random, text: string): string {
  const at = below(random, text.length + 1);
  const lines = text.split('\r\n');
  const line = below(random, Math.min(lines.length, 8));
  switch (below(random, 12)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(below(random, 256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + pick(random, ['\r\n', '\n', '\r', ' ', '\t', ':', '\x00', '\xff', '\r\n\r\n', '0', '//']) + text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(at + 1 + below(random, 8));
    case 4:
    case 5:
      return lines.toSpliced(line, 1, pick(random, LINES)).join('\r\n');
    case 6:
    case 7:
      return lines.toSpliced(line + 1, 0, pick(random, LINES)).join('\r\n');
    case 8:
      return lines.toSpliced(line, 1).join('\r\n');
    case 9:
      return lines.toSpliced(line, 0, lines[line]).join('\r\n');
    case 10:
      return text.replace(/\/[^ ]*(?= HTTP\/1)/, (target) => target + pick(random, ['', '?', '/']) + pick(random, TARGETS));
    default:
      return text.replace(/(?<=length: )\d+/i, () => `${below(random, 2) * 16_000 + below(random, 400)}`);
  }
}

function mutant(random: Random): HttpFlow {
  const flow = pick(random, PLAIN_HTTP);
  // Long dialogues are compared slowly.
  const sent = flow.sent
    .slice(0, 2 + below(random, 10))
    .map(([side, piece]): [0 | 1, string] => [side, Buffer.from(bytesOf(piece)).toString('latin1')]);
  for (let i = below(random, 3); i >= 0; i--) {
    const at = below(random, sent.length);
    const where = below(random, 12);
    if (where === 0) sent.splice(at, 1);
    else if (where === 1) sent.push(sent[at]);
    else if (where === 2) sent.splice(below(random, sent.length), 0, sent[at]);
    else sent[at] = [sent[at][0], mutatedText(random, sent[at][1])];
    if (sent.length === 0) break;
  }
  const name = `${flow.name}, changed: ${JSON.stringify(sent)}`;
  return { name, port: below(random, 20) === 0 ? 443 : (flow.port ?? 80), sent: sent.filter(([, piece]) => piece !== '') };
}

test('heads that just reach their limit', () => {
  const asked = 'GET /a HTTP/1.1\r\nUser-Agent: curl/8.5.0\r\nHost: a.example\r\n\r\n';
  const nothing = 'HTTP/1.1 204 No Content\r\n\r\n';
  const head = (fields: string) => `HTTP/1.1 200 OK\r\nServer: nginx\r\n${fields}\r\n\r\n`;
  for (let length = HEAD_LIMIT - 40; length < HEAD_LIMIT + 40; length++) {
    const long = head(`X-Long: ${'x'.repeat(length - head('X-Long: ').length)}`);
    const size = length - head('Content-Length: 16000').length;
    const sized = head(`Content-Length: ${size}`) + 'x'.repeat(size);
    const chunk = 16_000 + length - HEAD_LIMIT;
    const chunked = `${head('Transfer-Encoding: chunked')}${chunk.toString(16)}\r\n${'x'.repeat(chunk)}`;
    const answers: string[][] = [
      [long, 'more'],
      [long.replace('X-Long', 'Content-Length: 0\r\nY-Long')],
      [sized, nothing],
      [chunked, '\r\n0\r\n\r\n'],
    ];
    for (const answer of answers) {
      const sent: Sent[] = [[0, asked + asked], ...answer.map((piece): Sent => [1, piece]), [0, 'x']];
      compared({ name: `answered with ${length}`, sent }, () => 65_000);
      compared({ name: `answered with ${length}`, sent }, () => 1460);
    }
    const request = asked.replace('Host', `X-Long: ${'x'.repeat(length - asked.length)}\r\nHost`);
    const upload = asked.replace('GET', 'POST').replace('Host', `Content-Length: ${length - asked.length}\r\nHost`);
    for (const first of [request, `${upload}${'x'.repeat(length - asked.length)}`]) {
      compared(
        {
          name: `asked in ${length}`,
          sent: [
            [0, first],
            [1, nothing],
            [0, asked],
            [1, nothing + nothing],
          ],
        },
        () => 65_000,
      );
    }
  }
});

test('every one of these lines in the place of every line', () => {
  const names = [
    'curl',
    'wget and a body until close',
    'python-requests and JSON, with 100 Continue before',
    'chunks with extensions, spaces and a trailer, an empty one',
  ];
  let done = 0;
  for (const flow of PLAIN_HTTP.filter(({ name }) => names.includes(name))) {
    const sent = flow.sent.slice(0, 4);
    sent.forEach(([side, piece], i) => {
      const lines = Buffer.from(bytesOf(piece)).toString('latin1').split('\r\n');
      for (const [at, line] of lines.entries()) {
        for (const other of LINES) {
          const text = lines.toSpliced(at, 1, other).join('\r\n');
          const name = `${flow.name}, with ${JSON.stringify(other)} for ${JSON.stringify(line)}`;
          if (text !== '' && compared({ ...flow, name, sent: sent.toSpliced(i, 1, [side, text]) }, () => 1460) === 'done') done++;
        }
      }
    });
  }
  expect(done).toBeGreaterThan(1000);
});

test('bodies that are programs, texts, and neither', () => {
  const types = ['text/plain', 'application/json;x', 'a/b+JSON', 'a;b=/json', 'application/x-www-form-urlencoded', 'image/png'];
  for (const body of BODIES) {
    for (const type of types) {
      for (const encoding of ['', 'Content-Encoding: Identity\r\n', 'Content-Encoding: br\r\n']) {
        for (const agent of ['Java/8', 'curl/8']) {
          const fields = `User-Agent: ${agent}\r\nContent-Type: ${type}\r\n${encoding}Content-Length: ${body.length}\r\n\r\n${body}`;
          const name = JSON.stringify(fields);
          const request = `POST / HTTP/1.1\r\nHost: ${body.length % 2 === 0 ? 'a' : 'a.windowsupdate.com:80'}\r\n${fields}`;
          const answer = `HTTP/1.1 ${agent === 'curl/8' ? 200 : 500} X\r\n${fields.replace('User-Agent', 'X')}`;
          expect(
            compared(
              {
                name,
                sent: [
                  [0, request],
                  [1, answer],
                ],
              },
              () => 1460,
            ),
          ).toBe('done');
        }
      }
    }
  }
});

test('targets that are attacks, and others', () => {
  let done = 0;
  for (const target of TARGETS) {
    for (const before of ['', '/', '/a?b=', '/(', '/%', 'http://a.example', 'http://a.example/%28']) {
      const text = `GET ${before}${target} HTTP/1.1\r\nUser-Agent: curl/8.5.0\r\nHost: a.example\r\n\r\n`;
      if (compared({ name: text, sent: [[0, text]] }, () => 1460) === 'done') done++;
    }
  }
  expect(done).toBeGreaterThan(TARGETS.length);
});

const ROUNDS = 5000;

it('what is not plain is odd, or read all the same', { timeout: 60_000 }, () => {
  const random = randomOf(20_251_009);
  const readings: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    const flow = mutant(random);
    if (flow.sent.length === 0) continue;
    const size = pick(random, [1460, 65_000, 700]);
    const reading = compared(flow, () => (size === 700 ? 1 + below(random, size) : size), below(random, 8) > 0);
    readings[reading] = (readings[reading] ?? 0) + 1;
  }
  expect(readings.done).toBeGreaterThan(ROUNDS / 3);
  expect(readings.odd).toBeGreaterThan(ROUNDS / 10);
});

it('built with sanitizers, stays in its memory', { timeout: SANITIZED_MS }, async () => {
  const parts = ['http_messages.cc', 'http_reader.cc', 'http_risks.cc', 'http_url.cc', 'note_text.cc'].map((file) =>
    join(native, 'app', file),
  );
  const lines = await runSanitized(folder.file('http_reader_test'), [join(here, 'http_reader_test.cc'), ...parts]);
  expect(lines).toEqual(['4 tests, 0 failed']);
});
