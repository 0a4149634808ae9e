import { join as path } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER, type StreamHead, Verdict } from '../../../src/app/dissector.ts';
import { STREAM_DISSECTORS } from '../../../src/app/dissectors.ts';
import { AppReader } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { bytesOf, type Sent } from '../../support/app/drive.ts';
import { smtpDialogues } from '../../support/app/smtp.ts';
import { asked, interleaved, type Pick, segments, surveyed } from '../../support/app/stream-mutants.ts';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { randomOf } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const smtp = { readers: new (loadAddon().FlowReaders)(), protocol: AppReader.SMTP, serverPort: 25 };
const DONE = { wrong: null, reading: 'done' };
const ODD = { wrong: null, reading: 'odd' };
const GREETING: Sent = [SERVER, '220 mx1.example.com ESMTP Postfix\r\n'];
const HELLO: Sent[] = [GREETING, [CLIENT, 'EHLO mail.example.net\r\n'], [SERVER, '250 mx1.example.com\r\n']];
const whole = () => 1460;

function pickOf(seed: number): Pick {
  const random = randomOf(seed);
  return (below) => Math.floor(random() * below);
}

const ask = (...sent: Sent[]) => asked(smtp, segments(sent, whole));

describe('plain dialogues', () => {
  const pick = pickOf(1);
  it.each(Object.entries(smtpDialogues))('%s', (name, sent: readonly Sent[]) => {
    expect(asked(smtp, segments(sent, whole))).toEqual(DONE);
    expect(asked({ ...smtp, serverPort: 587 }, segments(sent, whole))).toEqual(DONE);
    for (let last = 1; last <= sent.length; last++) {
      const events = segments(sent.slice(0, last), whole);
      // A greeting alone must say what it is.
      expect(asked(smtp, events, true)).toEqual(name === 'refused' && last === 1 ? ODD : DONE);
      expect(asked(smtp, events, false).wrong).toBeNull();
    }
  });

  it.each(Object.entries(smtpDialogues))('%s, in segments of all sizes', (name, sent: readonly Sent[]) => {
    const opening = bytesOf(sent[1]?.[1] ?? '').length;
    const first = name === 'clientFirst' ? bytesOf(sent[0][1]).length : 4;
    // The client's first segment must say what it is; all others may be cut anywhere.
    const cut = (size: () => number) => [
      ...segments(sent.slice(0, 1), size, first),
      ...segments(sent.slice(1, 2), size, name === 'quit' ? opening : 5),
      ...segments(sent.slice(2), size),
    ];
    expect(
      asked(
        smtp,
        cut(() => 1),
      ),
    ).toEqual(DONE);
    for (let i = 0; i < 20; i++) {
      const events = cut(() => 1 + pick(40));
      expect(asked(smtp, events)).toEqual(DONE);
      expect(asked(smtp, interleaved(events, pick)).wrong).toBeNull();
    }
  });

  it('greetings with and without names of hosts', () => {
    const names = [
      '',
      'a',
      'mx1.',
      'mx1..b',
      'a.b',
      'A-1.B_2.c',
      '[192.0.2.1]',
      '[mx.example.com]',
      '192.0.2.1',
      '.a.b',
      '-.-a',
      `${'a'.repeat(63)}.b`,
    ];
    names.push(
      `${'a'.repeat(64)}.b`,
      `b.${'a'.repeat(64)}.c`,
      'x'.repeat(30),
      `${'a.'.repeat(20)}b`,
      'a.b:c',
      'a.1 x',
      '1.2,a',
      '"a.b"',
      'a\\.b',
    );
    names.push('y'.repeat(300), `${'1.'.repeat(17)}a`, `${'1.'.repeat(16)}a`);
    for (const name of names) {
      for (const mark of [' ', '-']) {
        const greeting: Sent = [SERVER, `220${mark}${name} ESMTP\r\n220 ${name}\r\n`];
        expect(ask(greeting, ...HELLO.slice(1))).toEqual(DONE);
      }
    }
  });

  it('greetings by their words', () => {
    const words = [
      'SMTP',
      'xsmtp',
      'esmtp',
      'ESMTPs',
      'smtp-out',
      'smtp_out',
      'lmtp',
      'Sendmail',
      'postfix/smtpd',
      'Exim',
      'exims',
      'ready',
      'ftp',
      'xFTP',
      'FTPd',
      'NNTP',
      'nntps',
    ];
    for (const code of ['220', '554', '421', '120', '221', '200']) {
      for (const word of words) {
        for (const greeting of [`${code} ${word}`, `${code}-host ${word}`, `${code} (${word})`, `${code} ${'.'.repeat(52)}${word}`]) {
          for (const rest of [[], HELLO.slice(1), [[CLIENT, 'QUIT\r\n'] as Sent]]) {
            expect(ask([SERVER, `${greeting}\r\n`], ...rest).wrong).toBeNull();
            expect(ask([SERVER, greeting], [SERVER, 'x\r\n'], ...rest).wrong).toBeNull();
          }
        }
      }
    }
  });

  it('names and addresses of every form', () => {
    const forms = [
      '',
      ' ',
      '  a  ',
      '<>',
      '<a',
      'a>',
      '<<a>',
      '<a<b>c>',
      '>a<b>',
      'FROM:<a@b>',
      'from:  a b',
      'TO:a',
      'TO :a',
      'X:a',
      'FROM:',
      'FROM: ',
      '"',
      '\\',
    ];
    forms.push(
      'x'.repeat(300),
      `<${'x'.repeat(254)}>`,
      `<${'x'.repeat(255)}>`,
      `FROM:${'x'.repeat(300)}`,
      `${' '.repeat(250)}abcdefghij`,
      `${'x'.repeat(255)} y`,
    );
    for (const form of forms) {
      for (const command of ['EHLO', 'HELO', 'LHLO', 'MAIL', 'RCPT', 'NOOP', 'mail', 'RcPt']) {
        const line: Sent = [CLIENT, `${command} ${form}\r\n`];
        expect(ask(...HELLO, line, [SERVER, '250-a\r\n250 b\r\n'])).toEqual(DONE);
        expect(ask(...HELLO, [CLIENT, `${command}${form}\r\n`], [SERVER, `450 ${form}\r\n`]).wrong).toBeNull();
      }
    }
    for (const host of ['a', 'a b', '[::1]', 'a/b', ' a ', '', 'a'.repeat(55), 'a'.repeat(60)]) {
      for (const word of ['EHLO', 'HELO', 'LHLO', 'QUIT', 'XCLIENT', 'MAIL']) {
        expect(ask([CLIENT, `${word} ${host}\r\n`], GREETING).wrong).toBeNull();
        expect(ask(GREETING, [CLIENT, `${word} ${host}`], [CLIENT, '\r\n']).wrong).toBeNull();
      }
    }
  });

  it('replies of every form', () => {
    const long = Array.from({ length: 40 }, (_, i) => `250-CAPABILITY-${i}-${'x'.repeat(3 * i)}\r\n`).join('');
    const replies = [
      '250',
      '250\r\n250',
      `${long}250 end`,
      '250-a\r\n251 b\r\n250 c',
      '250-a\r\nb\r\n250 c',
      '250-a\r\n\r\n250 c',
      '250-',
      '250-\r\n250',
      '\r\n\r\n250 a',
    ];
    replies.push(
      '199 a\r\n250 b',
      '150-a\r\n150 b\r\n450 c',
      '600 a',
      '099 a',
      '25 a',
      '2500 a',
      '250\ta',
      'a',
      `550 ${'x'.repeat(300)}`,
      '599 "a\\b"',
      '400',
      '399 a',
    );
    for (const reply of replies) {
      for (const command of ['EHLO', 'HELO', 'DATA', 'BDAT', 'STARTTLS', 'QUIT']) {
        const events = segments(
          [
            ...HELLO.slice(0, 2),
            [SERVER, '250 ok\r\n'],
            [CLIENT, `${command} a\r\n`],
            [SERVER, `${reply}\r\n`],
            [CLIENT, 'RCPT TO:<a>\r\n'],
          ],
          whole,
        );
        expect(asked(smtp, events).wrong).toBeNull();
        expect(asked(smtp, events.toSpliced(4, 0, { side: CLIENT, bytes: bytesOf('MAIL FROM:<x>\r\n') })).wrong).toBeNull();
      }
    }
  });
});

describe('the message', () => {
  const body: Sent = [CLIENT, 'MAIL\r\nRCPT TO:<b>\r\nFrom: x\r\n\r\nAUTH\r\n.\r\n'];
  const plainBody: Sent = [CLIENT, 'MAIL FROM:<x>\r\nRCPT TO:<b>\r\nFrom: x\r\n\r\nHello\r\n.\r\n'];
  const data = (word: string): Sent => [CLIENT, `${word}\r\n`];

  it('is not read behind its acceptance', () => {
    expect(ask(...HELLO, data('DATA'), [SERVER, '354 go\r\n'], body)).toEqual(DONE);
    expect(ask(...HELLO, data('DATA'), body, [SERVER, '354 go\r\n'])).toEqual(DONE);
    expect(ask(...HELLO, [CLIENT, `BDAT 9\r\n${bytesOf(body[1]).toString()}`], [SERVER, '250 ok\r\n'])).toEqual(DONE);
  });

  it('is read for commands where the parser does so', () => {
    for (const word of ['DATA', 'BDAT 20']) {
      expect(ask(...HELLO, data(`NOOP\r\n${word}`), [SERVER, '250 ok\r\n'], plainBody, [SERVER, '354 go\r\n'])).toEqual(DONE);
      expect(ask(...HELLO, data(`NOOP\r\n${word}`), plainBody, [SERVER, '250 ok\r\n'], [SERVER, '354 go\r\n'])).toEqual(DONE);
      expect(ask(...HELLO, data(`NOOP\r\n${word}`), plainBody, [SERVER, '250 ok\r\n354 go\r\n'])).toEqual(DONE);
      expect(ask(...HELLO, data(word), plainBody)).toEqual(DONE);
      expect(ask(...HELLO, data(word), [SERVER, '451 later\r\n'], plainBody)).toEqual(DONE);
    }
    expect(ask(...HELLO, data('DATA\r\nBDAT 3\r\nDATA'), [SERVER, '354 go\r\n503 no\r\n'])).toEqual(DONE);
  });
});

describe('what is left to the parser', () => {
  const odd: Record<string, readonly Sent[]> = {
    'TLS that begins': [...HELLO, [CLIENT, 'STARTTLS\r\n'], [SERVER, '220 go\r\n']],
    'TLS whose reply was not seen': [...HELLO, [CLIENT, 'STARTTLS\r\n'], [CLIENT, '\x16\x03\x01']],
    'TLS of Exchange': [...HELLO, [CLIENT, 'X-ANONYMOUSTLS\r\n'], [SERVER, '220 go\r\n']],
    'a login': [...HELLO, [CLIENT, 'AUTH PLAIN AGEAYg==\r\n'], [SERVER, '235 ok\r\n']],
    'another greeting': [[SERVER, '220 ftp.example.com FTP server\r\n'], ...HELLO.slice(1)],
    'a greeting that says FTP later': [[SERVER, '220 '], [SERVER, 'FTP server\r\n'], ...HELLO.slice(1)],
    'a greeting in pieces': [[SERVER, '22'], [SERVER, '0 a ESMTP\r\n'], ...HELLO.slice(1)],
    'a greeting that is not plain': [[SERVER, '220 \xe9 ESMTP\r\n'], ...HELLO.slice(1)],
    'a greeting alone that could be anything': [[SERVER, '220 ready\r\n']],
    'a command in pieces': [GREETING, [CLIENT, 'EHL'], [CLIENT, 'O a\r\n']],
    'an opening without a name': [GREETING, [CLIENT, 'EHLO\r\n']],
    'another opening': [GREETING, [CLIENT, 'NOOP\r\n'], [SERVER, '250 ok\r\n']],
    'a client of another protocol': [GREETING, [CLIENT, 'GET / HTTP/1.1\r\n\r\n']],
    'a client alone that says little': [[CLIENT, 'EHLO a b\r\n'], GREETING],
    'a client alone that asks a register': [
      [CLIENT, 'EHLO a b\r\n'],
      [SERVER, '% IANA WHOIS server\n% for more information on IANA, visit http://www.iana.org\n'],
    ],
    'a command that is not plain': [...HELLO, [CLIENT, 'VRFY \xe9\r\n']],
    'a tab': [...HELLO, [CLIENT, 'VRFY\ta\r\n']],
    'a reply that is not plain': [...HELLO, [CLIENT, 'NOOP\r\n'], [SERVER, '250 \xe9\r\n']],
    'a reply that is none': [...HELLO, [CLIENT, 'NOOP\r\n'], [SERVER, 'ok\r\n']],
    'a line without end': [...HELLO, [CLIENT, 'x'.repeat(8193)]],
    'a reply without end': [GREETING, HELLO[1], [SERVER, 'x'.repeat(8193)]],
    'too many commands': [...HELLO, [CLIENT, 'NOOP\r\n'.repeat(257)]],
    'a head that is full': [...HELLO, [CLIENT, 'NOOP\r\n'], [SERVER, '250-x\r\n'.repeat(2400)]],
  };
  it.each(Object.entries(odd))('%s', (_, sent) => {
    expect(asked(smtp, segments(sent, whole))).toEqual(ODD);
    expect(
      asked(
        smtp,
        segments(sent, () => 20_000),
      ),
    ).toEqual(ODD);
  });

  it('flows at other ports', () => {
    expect(asked({ ...smtp, serverPort: 2526 }, segments(HELLO, whole))).toEqual(ODD);
  });
});

it('no parser takes a flow of which it knows only what a mail server begins with', () => {
  const pick = pickOf(4);
  const empty: StreamHead = { bytes: new Uint8Array(0), length: 0, complete: false };
  const words = [
    'ESMTP',
    'FTP',
    'NNTP',
    'OK',
    '* OK',
    'HTTP/1.1 200 OK',
    'SIP/2.0',
    'SSH-2.0-x',
    '\r\n',
    '\n',
    '220 ',
    '250-',
    '@RSYNCD: 31.0',
    ':a 001 b',
    '<stream:stream',
    '6193, 23 : USERID',
    ': ERROR : x',
    '+PONG',
    '8=FIX',
    '% IANA WHOIS',
    'INFO {',
    'END',
    'RFB 003.008',
  ];
  for (let i = 0; i < 4000; i++) {
    let text = `${['220', '554', '421'][pick(3)]}${[' ', '-'][pick(2)]}`;
    for (let parts = pick(8); parts > 0; parts--)
      text += pick(2) === 0 ? words[pick(words.length)] : String.fromCharCode(32 + pick(95)).repeat(1 + pick(12));
    const bytes = bytesOf(text);
    const server = { bytes, length: i % 3 === 0 ? Math.min(bytes.length, 4 + pick(64)) : bytes.length, complete: false };
    for (const dissector of STREAM_DISSECTORS) {
      const verdict = dissector.probe([empty, server], { clientPort: 40_000, serverPort: 25 });
      if (verdict === Verdict.YES) expect.fail(`${dissector.protocol}: ${text}`);
    }
  }
});

it('damaged dialogues are read as the parser reads them', () => {
  const words = [
    '220 ',
    '250-',
    '250 ',
    '354 ',
    '554 ',
    '120 ',
    '\r\n',
    '\n',
    '\r',
    'DATA\r\n',
    'BDAT 5\r\n',
    'MAIL FROM:<a>\r\n',
    'RCPT TO:<b>\r\n',
    'EHLO x\r\n',
    'STARTTLS\r\n',
  ];
  words.push('AUTH LOGIN\r\n', 'FTP', 'ESMTP', '<', '>', ' ', '454 no\r\n', '250 ok\r\n', '354 go\r\n', 'QUIT\r\n');
  const counts = surveyed(smtp, Object.values(smtpDialogues), words, 3000, pickOf(21));
  expect(counts.wrong).toBeNull();
  expect(counts.done).toBeGreaterThan(1000);
  expect(counts.odd).toBeGreaterThan(300);
});

const folder = new TemporaryFolder('smtp-reader');
afterAll(() => folder[Symbol.dispose]());

it('the reader, built with sanitizers, stays in its memory', { timeout: SANITIZED_MS }, async () => {
  const native = path(import.meta.dirname, '../../../native/app');
  const parts = ['note_text.cc', 'smtp_dialogue.cc', 'smtp_reader.cc'].map((file) => path(native, file));
  const lines = await runSanitized(folder.file('smtp_reader_test'), [path(import.meta.dirname, 'smtp_reader_test.cc'), ...parts]);
  expect(lines).toEqual(['3 tests, 0 failed']);
});
