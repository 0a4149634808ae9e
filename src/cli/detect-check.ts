/** Checks what is said of detection before anything is started. */
import type { SensorOptions } from '../config/options.ts';
import { nameOf, type Resolved } from '../config/origin.ts';
import type { RuleListing } from '../detect/rule.ts';
import { prepareDetection } from '../detect/rules.ts';

/**
 * Throws CONFIG for what is wrong with rules, networks and lists, before anything is started. Without `own`, the rules of
 * one's own, what is said of rules that are not built in waits until their files are loaded.
 */
export function checkDetectOptions(resolved: Resolved, options: SensorOptions, own?: readonly RuleListing[]): void {
  const key = 'detect.internal_networks';
  const networksName = nameOf(key, 'internal-network', resolved.origins[key]);
  const isEarly = own === undefined && options.detect.ruleFiles.length > 0;
  prepareDetection(options.detect, { networksName, own: own ?? [], ...(isEarly ? { onUnknown: () => {} } : {}) });
}
