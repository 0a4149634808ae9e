/** Packet times, in seconds since the epoch: local for reading, UTC for reports. */

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

const clock = (at: Date) => `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
const day = (at: Date) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;

/** `2026-03-04 12:30:05` in local time. */
export function localTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? '–' : `${day(at)} ${clock(at)}`;
}

/** `12:30:05` in local time. */
export function localClock(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? '–' : clock(at);
}

/** `12:30:05.123456` in local time. */
export function localMicros(seconds: number): string {
  const fraction = Math.round((seconds - Math.floor(seconds)) * 1e6);
  return `${localClock(seconds)}.${pad(Math.min(fraction, 999_999), 6)}`;
}

/** `2026-03-04T12:30:05.123Z`. */
export function utcTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

/** How long before `now`: `12 s ago`; `now` below a second. */
export function ago(seconds: number, now: number): string {
  const gap = Math.max(0, Math.round(now - seconds));
  if (gap < 1) return 'now';
  if (gap < 60) return `${gap} s ago`;
  if (gap < 3600) return `${Math.floor(gap / 60)} min ago`;
  if (gap < 86400) return `${Math.floor(gap / 3600)} h ago`;
  return `${Math.floor(gap / 86400)} d ago`;
}
