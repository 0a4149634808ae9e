/** Findings of foreign code: every field is looked at and copied, texts and lists are cut to length. */
import type { FlowTuple } from '../detect/events.ts';
import { type Finding, MOST_FLOWS, SEVERITIES, type Severity } from '../detect/rule.ts';

/** Characters of a text. */
export const MOST_TEXT = 1024;
/** Numbers that a finding observed, and compared with. */
const MOST_VALUES = 32;

type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`finding.${name} is not a finite number`);
  if (value < least || value > most) throw new RangeError(`finding.${name} is ${value}, allowed ${least} to ${most}`);
  return value;
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`finding.${name} is not a text`);
  return value.length > MOST_TEXT ? value.slice(0, MOST_TEXT) : value;
}

function valuesOf(value: unknown, name: string): Record<string, number | string> {
  if (!isFields(value)) throw new TypeError(`finding.${name} is not an object of numbers and texts`);
  const entries = Object.entries(value);
  if (entries.length > MOST_VALUES) throw new RangeError(`finding.${name} has ${entries.length} entries, allowed are ${MOST_VALUES}`);
  return Object.fromEntries(
    entries.map(([key, entry]) => {
      const checked = typeof entry === 'string' ? textOf(entry, `${name}.${key}`) : finite(entry, `${name}.${key}`);
      return [textOf(key, name), checked];
    }),
  );
}

const finite = (value: unknown, name: string) => numberOf(value, name, -Number.MAX_VALUE, Number.MAX_VALUE);

function integerOf(value: unknown, name: string, most: number): number {
  const number = numberOf(value, name, 0, most);
  if (!Number.isInteger(number)) throw new TypeError(`finding.${name} is not a whole number`);
  return number;
}

function addressOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || (value.length !== 4 && value.length !== 16))
    throw new TypeError(`finding.${name} is not an address as events have it`);
  return value;
}

function flowsOf(value: unknown): FlowTuple[] {
  if (!Array.isArray(value)) throw new TypeError('finding.flows is not a list');
  return value.slice(0, MOST_FLOWS).map((flow: unknown) => {
    if (!isFields(flow)) throw new TypeError('finding.flows has an entry that is no flow');
    return {
      protocol: integerOf(flow.protocol, 'flows.protocol', 255),
      source: addressOf(flow.source, 'flows.source'),
      sourcePort: integerOf(flow.sourcePort, 'flows.sourcePort', 65_535),
      target: addressOf(flow.target, 'flows.target'),
      targetPort: integerOf(flow.targetPort, 'flows.targetPort', 65_535),
    };
  });
}

export function isSeverity(value: unknown): value is Severity {
  return SEVERITIES.some((severity) => severity === value);
}

/** A copy with the fields of a Finding and nothing else; throws, naming the field, where it is none. */
export function checkFinding(value: unknown): Finding {
  if (!isFields(value)) throw new TypeError('a finding is an object');
  const { source, target, key, confidence, severity } = value;
  if (severity !== undefined && !isSeverity(severity)) throw new TypeError(`finding.severity is none of ${SEVERITIES.join(', ')}`);
  return {
    at: finite(value.at, 'at'),
    firstAt: finite(value.firstAt, 'firstAt'),
    source: source === null ? null : textOf(source, 'source'),
    target: target === null ? null : textOf(target, 'target'),
    observed: valuesOf(value.observed, 'observed'),
    threshold: valuesOf(value.threshold, 'threshold'),
    windowSecs: numberOf(value.windowSecs, 'windowSecs', 0, Number.MAX_VALUE),
    description: textOf(value.description, 'description'),
    flows: flowsOf(value.flows),
    ...(key === undefined ? {} : { key: textOf(key, 'key') }),
    ...(confidence === undefined ? {} : { confidence: numberOf(confidence, 'confidence', 0, 1) }),
    ...(severity === undefined ? {} : { severity }),
  };
}
