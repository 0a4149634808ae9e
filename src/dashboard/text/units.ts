/** Numbers as people read them: three significant digits and a unit; `–` where nobody knows the number. */

export const UNKNOWN = '–';

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `1,234,567`. */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : whole.format(value);
}

/** `12.3 M` with decimal prefixes; below 1,000 whole, or with one digit behind the point when it is small and broken. */
export function formatScaled(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  let scaled = Math.abs(value);
  let step = 0;
  while (scaled >= 999.5 && step < PREFIXES.length - 1) {
    scaled /= 1000;
    step++;
  }
  const digits = step === 0 ? (Number.isInteger(scaled) || scaled >= 10 ? 0 : 1) : scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  const sign = value < 0 ? '−' : '';
  return `${sign}${scaled.toFixed(digits)} ${PREFIXES[step]}${unit}`.trimEnd();
}

export const formatBytes = (value: number | null | undefined): string => formatScaled(value, 'B');
export const formatBits = (value: number | null | undefined): string => formatScaled(value, 'bit/s');
export const formatRate = (value: number | null | undefined): string => formatScaled(value, '/s');

export function formatMillis(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return value >= 100 ? `${value.toFixed(0)} ms` : value >= 1 ? `${value.toFixed(1)} ms` : `${value.toFixed(3)} ms`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 0.0005) return '0 s';
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const at = Math.round(seconds);
  if (at < 60) return `${at} s`;
  if (at < 3600) return `${Math.floor(at / 60)} min ${at % 60} s`;
  if (at < 86400) return `${Math.floor(at / 3600)} h ${Math.floor((at % 3600) / 60)} min`;
  return `${Math.floor(at / 86400)} d ${Math.floor((at % 86400) / 3600)} h`;
}

/** A share with its two numbers, because a percentage alone hides them. */
export function formatShare(part: number, total: number): string {
  if (total <= 0) return UNKNOWN;
  const percent = (part / total) * 100;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
}
