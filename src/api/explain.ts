/** Puts an alert into sentences: what its rule looks for, what was seen, and how that compares with the threshold. */
import type { Alert } from './contract.ts';

type Numbers = Alert['observed'];

const sentence = (text: string): string => {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
};
const words = (name: string): string => name.replaceAll('_', ' ');
const amount = (value: number | string): string =>
  typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 4 }) : value;
const listed = (values: Numbers, names: readonly string[]): string =>
  names.map((name) => `${words(name)} ${amount(values[name])}`).join(', ');

function comparison(name: string, seen: number | string, limit: number | string): string {
  if (typeof seen !== 'number' || typeof limit !== 'number') return `${words(name)} was ${amount(seen)}, compared with ${amount(limit)}`;
  const relation = seen > limit ? 'above' : seen === limit ? 'exactly' : 'below';
  return `${words(name)} was ${amount(seen)}, ${relation} the threshold of ${amount(limit)}`;
}

function numbers({ observed, threshold }: Alert): string[] {
  const both = Object.keys(observed).filter((name) => threshold[name] !== undefined);
  const seenOnly = Object.keys(observed).filter((name) => threshold[name] === undefined);
  const limitOnly = Object.keys(threshold).filter((name) => observed[name] === undefined);
  const parts: string[] = [];
  if (both.length > 0) parts.push(`In this case ${both.map((name) => comparison(name, observed[name], threshold[name])).join('; ')}`);
  if (seenOnly.length > 0) parts.push(`Also seen: ${listed(observed, seenOnly)}`);
  if (limitOnly.length > 0) parts.push(`Settings that took part: ${listed(threshold, limitOnly)}`);
  return parts;
}

/** `ruleDescription` is null where the rule is no longer there. */
export function explain(alert: Alert, ruleDescription: string | null): string {
  const parts = [ruleDescription === null ? '' : `The rule ${alert.kind}: ${ruleDescription}`, alert.description, ...numbers(alert)];
  if (alert.window_secs > 0) parts.push(`The rule looks at ${amount(alert.window_secs)} s of packet time at once`);
  if (alert.count > 1) parts.push(`It was found ${amount(alert.count)} times, which this alert sums up`);
  parts.push(`The rule is ${Math.round(alert.confidence * 100)} % sure`);
  if (alert.suppressed) parts.push('A suppression covers it: it is recorded, but nobody is to be disturbed');
  return parts
    .map(sentence)
    .filter((part) => part !== '')
    .join(' ');
}
