/** The ledger of a sensor that runs. */
import type { Ledger } from '../merge/ledger.ts';

/**
 * While packets flow some are between two counters, in the kernel's buffer or in a ring: an identity that does not add up
 * says nothing then, and becomes unknown. At the end of the input each holds or fails.
 */
export function runningLedger(ledger: Ledger): Ledger {
  const identities = ledger.identities.map((identity) => (identity.holds === false ? { ...identity, holds: null } : identity));
  return { ...ledger, identities, holds: true };
}
