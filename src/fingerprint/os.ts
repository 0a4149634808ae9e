/**
 * Names the operating system by how it opens (SYN) or answers (SYN+ACK) a TCP connection. The table is in
 * `os-signatures.ts`; it is parsed once, on first use.
 */
import { type OsSignatureLine, SYN_ACK_SIGNATURES, SYN_SIGNATURES } from './os-signatures.ts';
import { initialTtl, optionLayout, quirksOf, type SynFeatures, synSignature, type WindowMultiple, windowMultiple } from './syn-features.ts';

export interface OsGuess {
  label: string;
  /** 0 to 1. */
  confidence: number;
  /** What was observed, in p0f's notation. */
  signature: string;
}

interface Range {
  low: number;
  high: number;
}

type WindowRule = { kind: 'any' | 'max' | 'half' } | ({ kind: 'multiple' } & WindowMultiple) | ({ kind: 'range' } & Range);

interface Signature {
  label: string;
  confidence: number;
  ipVersion: number | null;
  ttl: Range;
  mss: Range;
  window: WindowRule;
  scale: Range;
  required: readonly string[];
  forbidden: readonly string[];
}

const ANY: Range = { low: -1, high: 0xffff };
const ABSENT: Range = { low: -1, high: -1 };

function rangeOf(text: string): Range {
  if (text === '*') return ANY;
  if (text === '-') return ABSENT;
  const [low, high] = text.split('-').map(Number);
  return { low, high: high ?? low };
}

function windowRule(text: string): WindowRule {
  if (text === '*') return { kind: 'any' };
  if (text === 'max' || text === 'half') return { kind: text };
  const [unit, count] = text.split('*');
  return unit === 'mss' || unit === 'mtu' ? { kind: 'multiple', unit, count: Number(count) } : { kind: 'range', ...rangeOf(text) };
}

/** By order of options, so that a lookup compares a few lines only. */
type Table = ReadonlyMap<string, readonly Signature[]>;

function parseTable(lines: readonly OsSignatureLine[]): Table {
  const table = new Map<string, Signature[]>();
  for (const [label, confidence, pattern] of lines) {
    const [version, ttl, mss, sizes, layout, quirks] = pattern.split(':');
    const [window, scale] = sizes.split(',');
    // `+df+id+` → df, id+: a sign before a name that starts with a letter; the sign behind belongs to the name.
    const rules = [...quirks.matchAll(/([+-])(df|id[+-])/g)].map(([, sign, name]) => ({ sign, name }));
    const signature: Signature = {
      label,
      confidence,
      ipVersion: version === '*' ? null : Number(version),
      ttl: rangeOf(ttl),
      mss: rangeOf(mss),
      window: windowRule(window),
      scale: rangeOf(scale),
      required: rules.filter(({ sign }) => sign === '+').map(({ name }) => name),
      forbidden: rules.filter(({ sign }) => sign === '-').map(({ name }) => name),
    };
    const same = table.get(layout);
    if (same === undefined) table.set(layout, [signature]);
    else same.push(signature);
  }
  return table;
}

let synTable: Table | null = null;
let synAckTable: Table | null = null;

const contains = (range: Range, value: number) => value >= range.low && value <= range.high;

const LARGEST_WINDOW = 65_535;
const HALF_WINDOW = 32_768;
const TIMESTAMP_BYTES = 12;

/** True when the window is the largest multiple of the segment size that `limit` allows. */
function isLargestMultiple({ windowSize, mss, tsVal }: SynFeatures, limit: number): boolean {
  if (mss < 100) return false;
  const segments = tsVal !== 0 && mss > 2 * TIMESTAMP_BYTES ? [mss, mss - TIMESTAMP_BYTES] : [mss];
  return segments.some((segment) => windowSize === Math.floor(limit / segment) * segment);
}

function windowFits(rule: WindowRule, features: SynFeatures, multiple: WindowMultiple | null): boolean {
  switch (rule.kind) {
    case 'any':
      return true;
    case 'max':
      return isLargestMultiple(features, LARGEST_WINDOW);
    case 'half':
      return isLargestMultiple(features, HALF_WINDOW);
    case 'multiple':
      return multiple !== null && multiple.unit === rule.unit && multiple.count === rule.count;
    case 'range':
      return contains(rule, features.windowSize);
  }
}

/** What the quirks that no stack shows of itself take off: middleboxes, crafted segments. */
const STRANGE = new Set(['seq-', 'ack+', 'ack-', 'uptr+', 'urgf+', 'pushf+', 'opt+', 'exws', 'bad', '0+']);
const STRANGE_FACTOR = 0.6;
/** A TTL of another start: changed on the way, set by hand, or another system. */
const OTHER_TTL_FACTOR = 0.5;
const QUIRK_FACTOR = 0.7;
const LEAST_CONFIDENCE = 0.2;
/** With so few options there is little but TTL and DF to go by: they must fit. */
const BARE_OPTIONS = 1;

function confidenceOf(signature: Signature, features: SynFeatures, quirks: readonly string[]): number {
  let confidence = signature.confidence;
  const start = initialTtl(features.ttl);
  if (!contains(signature.ttl, start)) confidence *= OTHER_TTL_FACTOR;
  if (features.ipVersion === 4) {
    for (const quirk of signature.required) if (!quirks.includes(quirk)) confidence *= QUIRK_FACTOR;
    for (const quirk of signature.forbidden) if (quirks.includes(quirk)) confidence *= QUIRK_FACTOR;
  }
  for (const quirk of quirks) if (STRANGE.has(quirk)) confidence *= STRANGE_FACTOR;
  return confidence;
}

function fitsExactly(signature: Signature, features: SynFeatures, quirks: readonly string[]): boolean {
  if (!contains(signature.ttl, initialTtl(features.ttl))) return false;
  return signature.required.every((quirk) => quirks.includes(quirk)) && !signature.forbidden.some((quirk) => quirks.includes(quirk));
}

function bestOf(table: Table, features: SynFeatures): OsGuess | null {
  const candidates = table.get(optionLayout(features));
  if (candidates === undefined) return null;
  const multiple = windowMultiple(features);
  const quirks = quirksOf(features);
  let best: Signature | null = null;
  let bestConfidence = LEAST_CONFIDENCE;
  for (const signature of candidates) {
    if (signature.ipVersion !== null && signature.ipVersion !== features.ipVersion) continue;
    if (!contains(signature.mss, features.mss) || !contains(signature.scale, features.windowScale)) continue;
    if (!windowFits(signature.window, features, multiple)) continue;
    if (features.options.length <= BARE_OPTIONS && !fitsExactly(signature, features, quirks)) continue;
    const confidence = confidenceOf(signature, features, quirks);
    if (confidence > bestConfidence || (best === null && confidence === bestConfidence)) {
      best = signature;
      bestConfidence = confidence;
    }
  }
  if (best === null) return null;
  return { label: best.label, confidence: Math.round(bestConfidence * 100) / 100, signature: synSignature(features) };
}

/** Who opened the connection; null when no signature fits. */
export function osOfSyn(features: SynFeatures): OsGuess | null {
  synTable ??= parseTable(SYN_SIGNATURES);
  return bestOf(synTable, features);
}

/** Who answered. Less telling than a SYN: the answer depends on what was asked. */
export function osOfSynAck(features: SynFeatures): OsGuess | null {
  synAckTable ??= parseTable(SYN_ACK_SIGNATURES);
  return bestOf(synAckTable, features);
}
