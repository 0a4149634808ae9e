/** Replay speed as people write it: `max`, `realtime`, `2x`, `0.5x`, `100000pps`. */
import type { ReplayInput } from './options.ts';

export type Speed = ReplayInput['speed'];

/** Beyond these a sleep between packets means nothing: one packet an hour, or faster than any link. */
const MIN_RATE = 1 / 3600;
const MAX_PPS = 1e9;
const MAX_FACTOR = 1e6;

/** null when the text is no speed. */
export function parseSpeed(text: string): Speed | null {
  if (text === 'max') return { mode: 'max' };
  if (text === 'realtime') return { mode: 'time', factor: 1 };
  const match = /^(\d+(?:\.\d+)?(?:e\d{1,2})?)(x|pps)$/i.exec(text);
  if (match === null) return null;
  const value = Number(match[1]);
  const limit = match[2].toLowerCase() === 'x' ? MAX_FACTOR : MAX_PPS;
  if (!(value >= MIN_RATE && value <= limit)) return null;
  return match[2].toLowerCase() === 'x' ? { mode: 'time', factor: value } : { mode: 'rate', pps: value };
}

/** What is wrong with a speed, or null. */
export function checkSpeed(text: string): string | null {
  return parseSpeed(text) === null ? 'is not a speed: give max, realtime, a factor like 2x or 0.5x, or a rate like 100000pps' : null;
}
