/** The doctor's findings for people. */
import pc from 'picocolors';
import { printable } from '../../packet/text.ts';
import type { Finding } from './finding.ts';

const COLOUR = { ok: 'green', advice: 'yellow', absent: 'dim', missing: 'red' } as const satisfies Record<Finding['state'], string>;

/** `color` is the caller's to decide: only a terminal gets it. */
export function renderFindings(findings: readonly Finding[], color: boolean): string {
  const colors = pc.createColors(color);
  const width = Math.max(...findings.map((finding) => finding.check.length));
  const lines = findings.flatMap(({ check, state, message, fix }) => [
    `${colors[COLOUR[state]](state.padEnd(7))}  ${check.padEnd(width)}  ${printable(message)}`,
    ...fix.map((step) => `${' '.repeat(11 + width)}${printable(step)}`),
  ]);
  const count = findings.filter((finding) => finding.state === 'missing').length;
  const verdict = count === 0 ? 'everything that is needed is there' : `${count} ${count === 1 ? 'thing is' : 'things are'} missing`;
  return [...lines, '', verdict].join('\n');
}
