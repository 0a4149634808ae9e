/** Feeds a dialogue in every way that must come to the same. */
import { expect } from 'vitest';
import { type DatagramDissector, type DatagramSession, type Side, type StreamDissector, Verdict } from '../../../src/app/dissector.ts';
import { bytesOf, type Driven, driveDatagrams, driveStream, plainFacts, type Sent } from './drive.ts';

/** Whole and byte by byte: same verdict, same facts. Returns the first. */
export function readStream(dissector: StreamDissector, sent: readonly Sent[]): Driven {
  const whole = driveStream(dissector, sent);
  const single = driveStream(dissector, sent, 1);
  expect(single.verdict).toBe(whole.verdict);
  expect(plainFacts(single.facts)).toEqual(plainFacts(whole.facts));
  expect(single.confirmed).toBe(whole.confirmed);
  return whole;
}

/** Ends the dialogue at every byte: nothing may throw. Returns the shortest beginning that was recognised. */
export function cutStream(dissector: StreamDissector, sent: readonly Sent[]): number {
  const total = sent.reduce((sum, [, piece]) => sum + bytesOf(piece).length, 0);
  let shortest = -1;
  for (let end = 0; end <= total; end++) {
    const cut: Sent[] = [];
    let left = end;
    for (const [side, piece] of sent) {
      const bytes = bytesOf(piece).subarray(0, left);
      if (bytes.length > 0) cut.push([side, bytes]);
      left -= bytes.length;
    }
    const { verdict } = driveStream(dissector, cut);
    if (verdict === Verdict.YES && shortest < 0) shortest = end;
  }
  return shortest;
}

/** Cuts every datagram at every byte: nothing may throw. Returns how many cut ones were recognised although they came alone. */
export function cutDatagrams(dissector: DatagramDissector, sent: readonly Sent[]): number {
  let named = 0;
  sent.forEach(([side, piece], i) => {
    const bytes = bytesOf(piece);
    for (let end = 0; end < bytes.length; end++) {
      const cut = bytes.slice(0, end);
      if (driveDatagrams(dissector, [[side, cut]]).verdict === Verdict.YES) named++;
      driveDatagrams(dissector, [...sent.slice(0, i), [side, cut] as Sent, ...sent.slice(i + 1)]);
    }
  });
  return named;
}

/** As `driveDatagrams`, and the label that the session gives itself. */
export function driveWithLabel(dissector: DatagramDissector, sent: readonly Sent[]): Driven & { label: string | undefined } {
  let session: DatagramSession | null = null;
  const open: DatagramDissector['open'] = (context) => {
    session = dissector.open(context);
    return session;
  };
  const driven = driveDatagrams({ ...dissector, open }, sent);
  const opened = session as DatagramSession | null;
  opened?.finish?.();
  return { ...driven, label: opened?.label };
}

/** The verdict on one side alone. */
export function oneSide(dissector: DatagramDissector, sent: readonly Sent[], side: Side): number {
  return driveDatagrams(
    dissector,
    sent.filter(([from]) => from === side),
  ).verdict;
}

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed >>> 0 || 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
