/** Alerts on the screen. */
import pc from 'picocolors';
import type { AlertRecord } from '../detect/alert.ts';
import type { Severity } from '../detect/rule.ts';
import { printable } from '../packet/text.ts';

const COLOUR = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
} as const satisfies Record<Severity, string>;

/** `[alert] high port_scan 10.0.0.1 tried …`. `color` is the caller's to decide: only a terminal gets it. */
export function alertLine({ severity, kind, description }: AlertRecord, color: boolean): string {
  const paint = pc.createColors(color)[COLOUR[severity]];
  return `${paint(`[alert] ${severity}`)} ${printable(kind)} ${printable(description)}`;
}
