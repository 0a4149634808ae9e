/**
 * One label from two sources.
 *
 * 1. A parser of ours that read more than a few bytes of the protocol (`confirmed`) is believed about the protocol.
 *    nDPI may name what runs over it: when its master or application is the same protocol, its more exact pair counts
 *    (`tls` becomes `google` over `tls`).
 * 2. Else what nDPI read from content counts, then a parser's unconfirmed label, then nDPI's guess.
 */

import type { BuiltinLabel } from './flow-app.ts';
import { type AppConfidence, type AppLabel, builtinLabel } from './note.ts';

/** What nDPI says, in our words. */
export interface NdpiFinding {
  master: string;
  protocol: string;
  category: string;
  guessed: boolean;
}

function ndpiLabelOf(finding: NdpiFinding): AppLabel {
  const confidence: AppConfidence = finding.guessed ? 'guess' : 'dpi';
  return {
    protocol: finding.protocol,
    master: finding.master === finding.protocol ? null : finding.master,
    category: finding.category,
    confidence,
    source: 'ndpi',
  };
}

export function decideLabel(builtin: BuiltinLabel | null, ndpi: NdpiFinding | null): AppLabel | null {
  if (builtin === null) return ndpi === null ? null : ndpiLabelOf(ndpi);
  if (ndpi === null || ndpi.guessed) return builtinLabel(builtin);
  const isSame = builtin.layers.some((layer) => layer === ndpi.master || layer === ndpi.protocol) || builtin.protocol === ndpi.master;
  if (isSame && ndpi.master !== ndpi.protocol) return { ...ndpiLabelOf(ndpi), confidence: builtin.confirmed ? 'dpi' : 'dpi_partial' };
  return builtin.confirmed || isSame ? builtinLabel(builtin) : ndpiLabelOf(ndpi);
}
