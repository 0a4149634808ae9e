/** What every stream parser owes: the same result however the bytes are cut, and no exception wherever they end. */
import { expect } from 'vitest';
import { Progress, type StreamDissector, Verdict } from '../../../src/app/dissector.ts';
import { bytesOf, type Driven, driveStream, plainFacts, type Sent } from './drive.ts';

/** Everything that can be compared; keys in any order. */
export function resultOf(driven: Driven) {
  const { facts, ...rest } = driven;
  return { ...rest, facts: plainFacts(facts) };
}

/** The dialogue up to `length` bytes of both sides together. */
export function truncated(sent: readonly Sent[], length: number): Sent[] {
  const out: Sent[] = [];
  let left = length;
  for (const [side, piece] of sent) {
    if (left <= 0) break;
    const bytes = bytesOf(piece);
    out.push([side, bytes.subarray(0, left)]);
    left -= bytes.length;
  }
  return out;
}

/** Recognised on port 9, cut into single bytes with the same result, and cut short anywhere without an exception. */
export function drivenWell(dissector: StreamDissector, sent: readonly Sent[]): Driven {
  const whole = driveStream(dissector, sent);
  expect(whole.verdict).toBe(Verdict.YES);
  expect(whole.progress).not.toBe(Progress.BROKEN);
  expect(whole.confirmed).toBe(true);
  expect(resultOf(driveStream(dissector, sent, 1))).toEqual(resultOf(whole));
  const total = sent.reduce((sum, [, piece]) => sum + piece.length, 0);
  for (let length = 0; length < total; length++) driveStream(dissector, truncated(sent, length));
  return whole;
}

/** Said to be this protocol, and not taken back. */
export function isNamed(driven: Driven): boolean {
  return driven.verdict === Verdict.YES && (driven.progress !== Progress.BROKEN || driven.confirmed);
}
