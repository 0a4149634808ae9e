/** Settings that the rules about failed contacts have in common. */
import type { Mitre, Setting } from '../rule.ts';

export const TCP = 6;
export const UDP = 17;
export const NS_PER_SECOND = 1_000_000_000;

export const SERVICE_DISCOVERY: Mitre = { technique: 'T1046', name: 'Network Service Discovery', tactic: 'Discovery' };
export const SYSTEM_DISCOVERY: Mitre = { technique: 'T1018', name: 'Remote System Discovery', tactic: 'Discovery' };
export const ACTIVE_SCANNING: Mitre = { technique: 'T1595', name: 'Active Scanning', tactic: 'Reconnaissance' };

export function windowSetting(value: number, most = 3600): Setting {
  return { value, least: 1, most, unit: 's', description: 'Length of the sliding window, in packet time' };
}

export const ANSWER_WAIT: Setting = {
  value: 1000,
  least: 1,
  most: 60_000,
  unit: 'ms',
  description: 'A contact without an answer after this time has failed',
};

export const FAILED_ONLY: Setting = {
  value: 1,
  least: 0,
  most: 1,
  unit: '1 or 0',
  description: '1 counts contacts that were refused or not answered, 0 counts every contact',
};

export const FAILED_SHARE: Setting = {
  value: 0.5,
  least: 0,
  most: 1,
  unit: 'ratio',
  description: 'Part of the contacts in the window that must have failed, where only failed ones count',
};

/** `1 port`, `25 ports`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
