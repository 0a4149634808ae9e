/**
 * Which rows a rule has to be shown. What it does with most of them is nothing, or one of a few things that nearly every
 * flow causes, and these need no function of the rule: the addon does them over the rule's own tables, in the order of the
 * rows (`native/detect/row_fronts.h`). A rule that has a front must do the same itself with a row that it is shown: then it
 * makes no difference who did it.
 */
import type { NativeFront } from '../native/row-fronts.ts';
import type { FirstFlows } from './state/first-flows.ts';
import type { KeyTable } from './state/key-table.ts';

/** What becomes of a row that passes the gate; in the order of `FrontKind` in `native/detect/row_fronts.h`. */
const FrontKind = {
  /** The rule sees it. */
  GATE: 0,
  /** Answers: ends that are hosts of ours are met; the rule sees it when one of them is new and the learning time is over. */
  NEW_HOSTS: 1,
  /** Answers: the same of the target's service. */
  NEW_SERVICES: 2,
  /** Volumes: a pair's first one is remembered; the rule sees later ones, and those that reach the limit by themselves. */
  FIRST_VOLUMES: 3,
  /** Ends: the same of a pair's first call that names no host. */
  FIRST_CALLS: 4,
  /** Volumes: bytes both ways are added up for each end that is inside; the rule sees the first of an address. */
  VOLUME_SUMS: 5,
  /** Volumes: as FIRST_VOLUMES, of pairs either end of which may ask, and that had packets both ways. */
  FIRST_EXCHANGES: 6,
} as const;

/** Flags of `AddressClass` that are looked at, and what they have to be. */
export interface ClassTest {
  readonly mask: number;
  readonly is: number;
}

/** These ports, or all below one but these. */
export type PortSet = { readonly only: Iterable<number> } | { readonly below: number; readonly except: Iterable<number> };

/** Rows that do not pass are nothing to the rule. What is absent does not matter. */
export interface RowGate {
  /** Answers that accepted an attempt. */
  readonly accepted?: true;
  readonly protocols?: readonly number[];
  /** Of targets. */
  readonly ports?: PortSet;
  /** With a label of its service an end passes whatever its port. */
  readonly labelled?: true;
  readonly source?: ClassTest;
  readonly target?: ClassTest;
  /** Of ends: from the flow's first packet to its last, ns. */
  readonly leastNs?: number;
  readonly belowNs?: number;
  /** Of ends: wire bytes both ways. */
  readonly belowBytes?: number;
  /** Gets the moment of the first row that there ever was, passed or not; NaN before. */
  readonly began?: Float64Array;
}

export type RowFront = NativeFront;

/** There are so many. */
export const PORTS = 65_536;
const PROTOCOLS = 256;

function portBits(ports: PortSet): Uint8Array {
  const bits = new Uint8Array(PORTS / 8);
  if ('only' in ports) {
    for (const port of ports.only) bits[port >> 3] |= 1 << (port & 7);
    return bits;
  }
  bits.fill(0xff, 0, ports.below >> 3);
  for (let port = ports.below & ~7; port < ports.below; port++) bits[port >> 3] |= 1 << (port & 7);
  for (const port of ports.except) bits[port >> 3] &= ~(1 << (port & 7));
  return bits;
}

function protocolFlags(protocols: readonly number[]): Uint8Array {
  const flags = new Uint8Array(PROTOCOLS);
  for (const protocol of protocols) flags[protocol] = 1;
  return flags;
}

/** Shows the rule what passes. */
export function gateFront(gate: RowGate): RowFront {
  const { accepted, protocols, ports, labelled, source, target, began } = gate;
  return {
    kind: FrontKind.GATE,
    accepted: accepted === true,
    protocols: protocols === undefined ? null : protocolFlags(protocols),
    ports: ports === undefined ? null : portBits(ports),
    labelled: labelled === true,
    sourceMask: source?.mask ?? 0,
    sourceIs: source?.is ?? 0,
    targetMask: target?.mask ?? 0,
    targetIs: target?.is ?? 0,
    leastNs: gate.leastNs ?? 0,
    belowNs: gate.belowNs ?? Number.POSITIVE_INFINITY,
    belowBytes: gate.belowBytes ?? Number.POSITIVE_INFINITY,
    began: began ?? null,
    learnNs: 0,
    table: null,
    heavy: null,
    words: null,
    numbers: null,
    sums: null,
    limit: 0,
  };
}

/** What a rule about things never seen before shares: its table, when the first row came, how long everything is learned. */
export interface Learning {
  readonly known: KeyTable;
  readonly began: Float64Array;
  readonly learnNs: number;
}

/** `known`: addresses. */
export const newHostsFront = ({ known, began, learnNs }: Learning): RowFront => ({
  ...gateFront({ accepted: true }),
  kind: FrontKind.NEW_HOSTS,
  table: known.memory,
  began,
  learnNs,
});

/** `known`: addresses of targets, with protocol << 16 | port. */
export const newServicesFront = (gate: RowGate, { known, began, learnNs }: Learning): RowFront => ({
  ...gateFront(gate),
  kind: FrontKind.NEW_SERVICES,
  table: known.memory,
  began,
  learnNs,
});

/** What each kind remembers of a pair's first flow; as many as `first_numbers` in `native/detect/row_fronts.h` says. */
export type FirstVolume = readonly [at: number, bytesUp: number, bytesDown: number];
export type FirstCall = readonly [startedAt: number, bytesUp: number];
export type Exchange = readonly [at: number, bytesUp: number, bytesDown: number, packetsUp: number, packetsDown: number];

/** Pairs of addresses and the first flow of each; `heavy`: by row, 1 = there is more to the pair. */
export interface FirstPairs<N extends readonly number[]> {
  readonly pairs: KeyTable;
  readonly firsts: FirstFlows<N>;
  readonly heavy: Uint8Array;
}

type Firsts = FirstPairs<FirstVolume> | FirstPairs<FirstCall> | FirstPairs<Exchange>;

const firstsFront = (kind: number, gate: RowGate, { pairs, firsts, heavy }: Firsts, limit: number): RowFront => ({
  ...gateFront(gate),
  kind,
  table: pairs.memory,
  heavy,
  ...firsts.memory,
  limit,
});

/** Remembers bytes up and down of volumes that are no noise; `limit`: bytes up that the rule has to see at once. */
export const firstVolumesFront = (gate: RowGate, first: FirstPairs<FirstVolume>, limit: number): RowFront =>
  firstsFront(FrontKind.FIRST_VOLUMES, gate, first, limit);

/** `first.pairs`: the smaller address first, and the flow as it was; `limit`: bytes both ways that the rule has to see at once. */
export const firstExchangesFront = (gate: RowGate, first: FirstPairs<Exchange>, limit: number): RowFront =>
  firstsFront(FrontKind.FIRST_EXCHANGES, gate, first, limit);

/** Remembers start and bytes up of calls: said something, answered, not NTP. */
export const firstCallsFront = (gate: RowGate, first: FirstPairs<FirstCall>): RowFront =>
  firstsFront(FrontKind.FIRST_CALLS, gate, first, 0);

/** `sums`: bytes by row of `addresses`. */
export const volumeSumsFront = (addresses: KeyTable, sums: Float64Array): RowFront => ({
  ...gateFront({}),
  kind: FrontKind.VOLUME_SUMS,
  table: addresses.memory,
  sums,
});
