/** May this process open packet sockets? */
import { readFileSync } from 'node:fs';
import { permissionAdvice } from '../failure.ts';
import { absent, type Finding, missing, ok } from './finding.ts';

/** Bits of the capability sets (linux/capability.h). */
const CAPABILITIES = [
  { name: 'cap_net_raw', bit: 13n },
  { name: 'cap_net_admin', bit: 12n },
] as const;

/** Names of the capabilities that a /proc/…/status text says are not effective; null when it does not say. */
export function missingCapabilities(status: string): string[] | null {
  const match = /^CapEff:\s*([0-9a-f]+)\s*$/im.exec(status);
  if (match === null) return null;
  const effective = BigInt(`0x${match[1]}`);
  return CAPABILITIES.filter(({ bit }) => (effective & (1n << bit)) === 0n).map(({ name }) => name);
}

export function checkPrivileges(readStatus: () => string = () => readFileSync('/proc/self/status', 'utf8')): Finding {
  let lacking: string[] | null;
  try {
    lacking = missingCapabilities(readStatus());
  } catch {
    lacking = null;
  }
  if (lacking === null) return absent('privileges', 'unknown: this system does not tell the capabilities of a process');
  if (lacking.length === 0) return ok('privileges', 'cap_net_raw and cap_net_admin: live capture is allowed');
  return missing('privileges', `live capture needs ${lacking.join(' and ')} (replay needs none)`, ...permissionAdvice());
}
