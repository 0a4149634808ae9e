/** What the wire says, made safe to print, and times as people read them. */

/**
 * Code points that steer a terminal or reorder text: C0 and C1 controls, DEL, bidirectional marks and overrides, line
 * and paragraph separators, invisible joiners, interlinear marks, tags, unpaired surrogates, and private use.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** One line that no terminal obeys: every unprintable code point becomes `\xNN` or `\u{N}`. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

const DAY_SECONDS = 86_400;

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `HH:MM:SS.uuuuuu` in UTC. `sec` counts from the epoch and may be negative, `nsec` is 0 … 999 999 999. */
export function clockText(sec: number, nsec: number): string {
  const ofDay = ((sec % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
  const micros = Math.floor(nsec / 1000) % 1_000_000;
  return `${two(Math.floor(ofDay / 3600))}:${two(Math.floor(ofDay / 60) % 60)}:${two(Math.floor(ofDay) % 60)}.${String(micros).padStart(6, '0')}`;
}

/** Seconds since the epoch with microseconds: as exact as a double is in this century. */
export function epochSeconds(sec: number, nsec: number): number {
  return Number((sec + nsec / 1e9).toFixed(6));
}
