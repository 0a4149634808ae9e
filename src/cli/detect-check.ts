/** Checks what is said of detection before anything is started. */
import type { SensorOptions } from '../config/options.ts';
import { nameOf, type Resolved } from '../config/origin.ts';
import { prepareDetection } from '../detect/rules.ts';

/** Throws CONFIG for what is wrong with rules, networks and lists, before anything is started. */
export function checkDetectOptions(resolved: Resolved, options: SensorOptions): void {
  const key = 'detect.internal_networks';
  prepareDetection(options.detect, nameOf(key, 'internal-network', resolved.origins[key]));
}
