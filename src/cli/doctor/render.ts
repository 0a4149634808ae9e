/** The doctor's findings for people. */
import pc from 'picocolors';
import { printable } from '../../packet/text.ts';
import type { Finding } from './finding.ts';

const COLOUR: Record<Finding['state'], (text: string) => string> = { ok: pc.green, advice: pc.yellow, absent: pc.dim, missing: pc.red };

export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.check.length));
  const lines = findings.flatMap(({ check, state, message, fix }) => [
    `${COLOUR[state](state.padEnd(7))}  ${check.padEnd(width)}  ${printable(message)}`,
    ...fix.map((step) => `${' '.repeat(11 + width)}${printable(step)}`),
  ]);
  const count = findings.filter((finding) => finding.state === 'missing').length;
  const verdict = count === 0 ? 'everything that is needed is there' : `${count} ${count === 1 ? 'thing is' : 'things are'} missing`;
  return [...lines, '', verdict].join('\n');
}
