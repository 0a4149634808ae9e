/** Verdicts on a stream that should begin with a fixed text. */
import { type StreamHead, Verdict, type VerdictCode } from './dissector.ts';

/** YES when the head begins with `text`, MORE while it may still, NO when it does not. */
export function prefixVerdict(head: StreamHead, text: string, at = 0): VerdictCode {
  const end = Math.min(head.length - at, text.length);
  for (let i = 0; i < end; i++) if (head.bytes[at + i] !== text.charCodeAt(i)) return Verdict.NO;
  if (end >= text.length) return Verdict.YES;
  return head.complete && head.length > 0 ? Verdict.NO : Verdict.MORE;
}

/** The best verdict of several readings: YES when one fits, MORE while one may. */
export function anyOf(...verdicts: readonly VerdictCode[]): VerdictCode {
  return Math.max(Verdict.NO, ...verdicts) as VerdictCode;
}

/**
 * The verdict over both sides when either is enough: what a side has sent must fit as far as it goes, an empty side says
 * nothing.
 */
export function eitherSide(client: VerdictCode, server: VerdictCode): VerdictCode {
  return Math.min(client, server) === Verdict.NO ? Verdict.NO : anyOf(client, server);
}
