/** May this process open packet sockets, and see the open files of others? */
import { readFileSync } from 'node:fs';
import { permissionAdvice } from '../failure.ts';
import { absent, type Finding, missing, ok } from './finding.ts';

/** Bits of the capability sets (linux/capability.h). */
interface Capability {
  name: string;
  bit: bigint;
}
const CAPTURING: readonly Capability[] = [
  { name: 'cap_net_raw', bit: 13n },
  { name: 'cap_net_admin', bit: 12n },
];
const SEEING_OTHERS: readonly Capability[] = [
  { name: 'cap_sys_ptrace', bit: 19n },
  { name: 'cap_dac_read_search', bit: 2n },
];

/** Names of those capabilities that a /proc/…/status text says are not effective; null when it does not say. */
export function missingCapabilities(status: string, wanted = CAPTURING): string[] | null {
  const match = /^CapEff:\s*([0-9a-f]+)\s*$/im.exec(status);
  if (match === null) return null;
  const effective = BigInt(`0x${match[1]}`);
  return wanted.filter(({ bit }) => (effective & (1n << bit)) === 0n).map(({ name }) => name);
}

const ownStatus = () => readFileSync('/proc/self/status', 'utf8');

function lackingOf(wanted: readonly Capability[], readStatus: () => string): string[] | null {
  try {
    return missingCapabilities(readStatus(), wanted);
  } catch {
    return null;
  }
}

export function checkPrivileges(readStatus = ownStatus): Finding {
  const lacking = lackingOf(CAPTURING, readStatus);
  if (lacking === null) return absent('privileges', 'unknown: this system does not tell the capabilities of a process');
  if (lacking.length === 0) return ok('privileges', 'cap_net_raw and cap_net_admin: live capture is allowed');
  return missing('privileges', `live capture needs ${lacking.join(' and ')} (replay needs none)`, ...permissionAdvice());
}

/** Whose processes `--processes` can name. */
export function checkProcesses(readStatus = ownStatus): Finding {
  const lacking = lackingOf(SEEING_OTHERS, readStatus);
  if (lacking === null) return absent('processes', '--processes needs Linux');
  if (lacking.length === 0) return ok('processes', 'cap_sys_ptrace and cap_dac_read_search: --processes names those of every user');
  return absent('processes', `--processes names only this user's: those of others take ${lacking.join(' and ')}`);
}
