/** What every dissector must stand, whatever it dissects. */
import { expect } from 'vitest';
import { type DatagramDissector, type StreamDissector, Verdict } from '../../../src/app/dissector.ts';
import { bytesOf, type Driven, driveDatagrams, driveStream, type Sent } from './drive.ts';

function plain({ facts, verdict, progress, offsets }: Driven): unknown {
  const { ssh, hassh, hassh_server, host, risks, details } = facts;
  return { verdict, progress, offsets, ssh, hassh, hassh_server, host, risks: [...risks].sort(), details: Object.fromEntries(details) };
}

/** Drives a dialogue on port 9; also byte by byte, and cut after every byte, where nothing may throw. Returns the whole run. */
export function steadyStream(dissector: StreamDissector, sent: readonly Sent[]): Driven {
  const whole = driveStream(dissector, sent);
  expect(plain(driveStream(dissector, sent, 1))).toEqual(plain(whole));
  for (let last = 0; last < sent.length; last++) {
    const [side, piece] = sent[last];
    const bytes = bytesOf(piece);
    const step = bytes.length > 600 ? 7 : 1;
    for (let cut = 0; cut < bytes.length; cut += step) driveStream(dissector, [...sent.slice(0, last), [side, bytes.subarray(0, cut)]]);
  }
  return whole;
}

/** Drives datagrams; each of them cut after every byte must be refused or read without a throw. */
export function steadyDatagrams(dissector: DatagramDissector, sent: readonly Sent[]): Driven {
  for (const [side, piece] of sent) {
    const bytes = bytesOf(piece);
    for (let cut = 0; cut < bytes.length; cut++) driveDatagrams(dissector, [[side, bytes.subarray(0, cut)]]);
  }
  return driveDatagrams(dissector, sent);
}

export function refuses(dissector: StreamDissector, ...sent: Sent[]): void {
  expect(driveStream(dissector, sent).verdict).not.toBe(Verdict.YES);
  expect(driveStream(dissector, sent, 1).verdict).not.toBe(Verdict.YES);
}

/** What other protocols open with. */
export const DECOYS: readonly Sent[] = [
  [0, 'GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n'],
  [0, `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'r'.repeat(80)}`],
  [1, '220 mail.example.org ESMTP ready for you at any time of the day\r\n'],
  [1, '+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n'],
  [0, '\x00'.repeat(80)],
  [0, '\xff'.repeat(80)],
  [1, '\x00'.repeat(80)],
  [0, '\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01'],
];

export function refusesDecoys(dissector: StreamDissector): void {
  for (const decoy of DECOYS) refuses(dissector, decoy);
}

/** Joins numbers, texts (one byte per character) and byte arrays. */
export function join(...parts: (number | string | Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(
      parts.map((part) =>
        typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
      ),
    ),
  );
}

export function be(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256);
}

export function le(value: number, bytes: number): Uint8Array {
  return be(value, bytes).toReversed();
}

export const utf16 = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'));

/** A length of `width` bytes before the parts. */
export function sized(width: number, ...parts: Parameters<typeof join>): Uint8Array {
  const body = join(...parts);
  return join(be(body.length, width), body);
}
