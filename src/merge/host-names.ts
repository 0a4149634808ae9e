/**
 * Names for flows that do not say themselves where they go: what DNS answers told the same client about the address
 * (passive DNS), and what control connections announced (FTP data). Both are learned in one shard and needed in another,
 * so they meet here, where ticks are merged: by stream time, so that the number of shards changes nothing.
 */
import { type AppNote, builtinLabel } from '../app/note.ts';
import type { ProtocolName } from '../app/protocols.ts';
import { addressBytes } from '../flow/address-bytes.ts';
import { type NameReport, readNames } from '../flow/name-list.ts';
import {
  F_ADDR_A,
  F_ADDR_B,
  F_FIRST_SEEN,
  F_FLAGS,
  F_PORT_A,
  F_PORT_B,
  F_RECORD_KIND,
  F_ROLE,
  RecordForm,
  RowFlag,
  RowRole,
} from '../flow/row.ts';
import { rowView } from '../flow/row-view.ts';
import type { ExpectationReport } from '../shard/protocol.ts';
import { forgetOldest } from './forget-oldest.ts';
import { addToNotes } from './row-notes.ts';

/** (client, address) pairs that are remembered; the oldest is forgotten first. */
const MOST_PAIRS = 262_144;
const MOST_EXPECTED = 16_384;
/** Names per pair: shared addresses serve several, and the latest before the flow counts. */
const NAMES_PER_PAIR = 4;
const NS = 1e9;
/** Programs hold on to an address beyond its TTL; an answer counts this much longer. */
const GRACE_NS = 3600 * NS;
/** An announced connection that has not begun after this long will not. */
const EXPECTED_NS = 300 * NS;

interface Known {
  name: string;
  fromNs: number;
  toNs: number;
}

interface Expected {
  protocol: ProtocolName;
  atNs: number;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export class HostNames {
  readonly #names = new Map<string, Known[]>();
  readonly #expected = new Map<string, Expected>();

  /** Takes in what the shards reported in one tick. */
  learn(names: readonly Uint8Array[], expectations: readonly ExpectationReport[]): void {
    for (const { pair, name, ttl, atNs } of names.flatMap(readNames).sort(byTimeAndPair)) {
      const known = this.#names.get(pair);
      // A pair that is named again becomes the youngest.
      if (known !== undefined) this.#names.delete(pair);
      this.#names.set(pair, withName(known, { name, fromNs: atNs, toNs: atNs + ttl * NS + GRACE_NS }));
      forgetOldest(this.#names, MOST_PAIRS);
    }
    for (const { address, port, protocol, atNs } of expectations.toSorted((a, b) => byTime(a, b) || a.port - b.port)) {
      const bytes = addressBytes(address);
      if (bytes === null) continue;
      this.#expected.set(`${port}/${latin1(bytes)}`, { protocol: protocol as ProtocolName, atNs });
      forgetOldest(this.#expected, MOST_EXPECTED);
    }
  }

  /** The entries with what is known about them added to their notes; the same array when that is nothing. */
  annotate(entries: Uint8Array): Uint8Array {
    if (this.#names.size === 0 && this.#expected.size === 0) return entries;
    const { view } = rowView(entries);
    return addToNotes(entries, (offset) => this.#addition(entries, view, offset));
  }

  #addition(entries: Uint8Array, view: DataView, offset: number): Partial<AppNote> | null {
    const flags = view.getUint32(offset + F_FLAGS, true);
    const form = entries[offset + F_RECORD_KIND];
    if (form !== RecordForm.FINAL && form !== RecordForm.INTERIM) return null;
    const first = view.getFloat64(offset + F_FIRST_SEEN, true);
    const size = (entries[offset + F_ROLE] & RowRole.IPV6) !== 0 ? 16 : 4;
    const address = (b: boolean) => latin1(entries.subarray(offset + (b ? F_ADDR_B : F_ADDR_A), offset + (b ? F_ADDR_B : F_ADDR_A) + size));
    const isClientB = (flags & RowFlag.CLIENT_IS_B) !== 0;
    const addition: Partial<AppNote> = {};
    if ((flags & RowFlag.APP_HOST) === 0 && this.#names.size > 0) {
      const host = this.#nameOf(address(isClientB) + address(!isClientB), first);
      if (host !== null) Object.assign(addition, { host, host_source: 'dns_answer' });
    }
    if ((flags & RowFlag.APP_LABEL) === 0 && this.#expected.size > 0) {
      const portA = view.getUint16(offset + F_PORT_A, true);
      const portB = view.getUint16(offset + F_PORT_B, true);
      const protocol = this.#expectedAt(portA, address(false), first) ?? this.#expectedAt(portB, address(true), first);
      if (protocol !== null) Object.assign(addition, { service: protocol, app: builtinLabel({ protocol, master: null, confirmed: true }) });
    }
    return Object.keys(addition).length === 0 ? null : addition;
  }

  #nameOf(key: string, atNs: number): string | null {
    return this.#names.get(key)?.findLast(({ fromNs, toNs }) => fromNs <= atNs && atNs <= toNs)?.name ?? null;
  }

  #expectedAt(port: number, address: string, atNs: number): ProtocolName | null {
    const found = this.#expected.get(`${port}/${address}`);
    return found !== undefined && found.atNs <= atNs && atNs <= found.atNs + EXPECTED_NS ? found.protocol : null;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order does not depend on which shard has told what. */
function byTimeAndPair(a: NameReport, b: NameReport): number {
  return a.atNs - b.atNs || compare(a.pair, b.pair) || compare(a.name, b.name);
}

function byTime(a: { atNs: number; address: string }, b: { atNs: number; address: string }): number {
  return a.atNs - b.atNs || compare(a.address, b.address);
}

/** The same answer again makes a name last longer; flows that began before it keep the name. */
function withName(known: readonly Known[] | undefined, next: Known): Known[] {
  if (known === undefined) return [next];
  const last = known.at(-1);
  if (last?.name !== next.name || last.toNs < next.fromNs) return [...known.slice(1 - NAMES_PER_PAIR), next];
  return [...known.slice(0, -1), { ...last, toNs: Math.max(last.toNs, next.toNs) }];
}
