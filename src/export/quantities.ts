/** Numbers as people read them. Decimal multiples throughout: 1 kB = 1000 bytes, 1 Mbit = 10^6 bits. */

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** `1,234,567`, for counts; `unknown` where there is no number. */
export function countText(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'unknown';
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three significant digits with a decimal prefix: `1.23 M`, `45.6 k`, `789 `. */
function scaled(value: number): string {
  let rest = Math.abs(value);
  let step = 0;
  while (rest >= 999.5 && step < PREFIXES.length - 1) {
    rest /= 1000;
    step++;
  }
  const digits = step === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${value < 0 ? '-' : ''}${rest.toFixed(digits)} ${PREFIXES[step]}`;
}

export function bytesText(value: number): string {
  return `${scaled(value)}B`;
}

export function bitRateText(bitsPerSecond: number): string {
  return `${scaled(bitsPerSecond)}bit/s`;
}

export function packetRateText(packetsPerSecond: number): string {
  return `${scaled(packetsPerSecond)}packets/s`;
}

/** `0.42 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function durationText(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 119.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** A time of packets, epoch seconds, to the second: `2026-01-31T08:00:00Z`. */
export function timeText(time: number): string {
  return new Date(time * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
