/**
 * Where the sensor and tshark differ on a public capture, and why the sensor's reading stands. A miss that is listed
 * here does not count against a threshold; an entry without a miss is out of date and fails the test.
 */
import type { Miss } from './metrics.ts';

export interface RefereeException {
  metrics: string[];
  capture: string;
  /** Only this conversation; without it, all of the capture. */
  tuple?: string;
  reason: string;
}

export const REFEREE_EXCEPTIONS: RefereeException[] = [];

export function explained(metric: string, miss: Miss): boolean {
  return REFEREE_EXCEPTIONS.some(
    ({ metrics, capture, tuple }) => metrics.includes(metric) && capture === miss.capture && (tuple === undefined || tuple === miss.tuple),
  );
}
