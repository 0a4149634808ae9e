/** The systems that the signatures name, numbered: rows keep the number. */
import { SYN_ACK_SIGNATURES, SYN_SIGNATURES } from './os-signatures.ts';

/** How sure a system's name is, 0 to 1. */
export interface OsRecord {
  label: string;
  confidence: number;
}

const labels = [...new Set([...SYN_SIGNATURES, ...SYN_ACK_SIGNATURES].map(([label]) => label))];
if (labels.length > 255) throw new Error(`${labels.length} system names do not fit into a byte`);
const numbers = new Map(labels.map((label, index) => [label, index + 1]));

/** 1 … 255. */
export function osNumber(label: string): number {
  return numbers.get(label) ?? 0;
}

/** The label of a number; null for 0 and numbers without one. */
export function osLabel(number: number): string | null {
  return labels[number - 1] ?? null;
}
