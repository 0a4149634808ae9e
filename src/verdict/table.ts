/**
 * The verdict table: what an inline capture must not put back. This thread writes it, capture threads read it for every
 * packet; `native/capture/verdict_table.h` draws it. A slot is written between two increments of its sequence.
 */
import { SensorError } from '../errors.ts';
import { type EndpointAddress, KEY_WORDS, padded, type Target, TargetKind, targetOf } from './target.ts';

const MAGIC = 0x5756_5431;
const VERSION = 1;
const HEADER_WORDS = 64;
const SLOT_WORDS = 16;
const PROBE = 16;

const AT_QUARANTINE = 3;
const AT_PORTS = 4;
const AT_FLOWS = 5;
const AT_PREFIXES4 = 8;
const AT_PREFIXES6 = 10;
const AT_ENDPOINTS = 16;
const ENDPOINT_WORDS = 5;
const AT_HITS = 12;
/** The kind of a slot whose key has gone: keys behind it are still looked for. */
const GONE = 255;

/** Endpoints that a quarantine lets pass. */
export const MOST_ENDPOINTS = 8;
const SLOTS = 4096;

/** A denial as it stands in the table. */
export interface Denial {
  target: string;
  /** Packets that it has stopped. */
  packets: number;
}

/** The same in `native/capture/verdict_table.cc`. */
function hashOf(key: Uint32Array): number {
  let hash = 0x811c_9dc5;
  for (const word of key) {
    hash = Math.imul(hash ^ word, 0x0100_0193);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** What a program may do with the verdicts of its inline capture. */
export interface Verdicts {
  /** @throws SensorError CONFIG: no such target, or no room for it */
  deny(target: string): void;
  /** False when it was not denied under this text. */
  pardon(target: string): boolean;
  denials(): Denial[];
}

export class VerdictTable implements Verdicts {
  /** For the engine. */
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #slots = new Map<string, number>();
  /** Networks by `4/24`: a prefix length is asked for as long as one of its networks is held. */
  readonly #prefixes = new Map<string, number>();

  constructor() {
    this.bytes = new Uint8Array(new SharedArrayBuffer((HEADER_WORDS + SLOTS * SLOT_WORDS) * 4));
    this.#words = new Uint32Array(this.bytes.buffer);
    this.#words.set([MAGIC, VERSION, SLOTS]);
  }

  /**
   * From now on packets of the target are not put back. Twice the same is once.
   * @throws SensorError CONFIG: no such target, or no room for it
   */
  deny(text: string): void {
    if (this.#slots.has(text)) return;
    const target = targetOf(text);
    const slot = this.#freeSlot(target);
    this.#write(slot, target.key);
    this.#slots.set(text, slot);
    this.#count(target, 1);
  }

  /** Lets the target pass again; false when it was not denied under this text. */
  pardon(text: string): boolean {
    const slot = this.#slots.get(text);
    if (slot === undefined) return false;
    this.#slots.delete(text);
    // Another text may mean the same key.
    if ([...this.#slots.values()].includes(slot)) return true;
    this.#count(targetOf(text), -1);
    const key = new Uint32Array(KEY_WORDS);
    key[0] = GONE;
    this.#write(slot, key);
    return true;
  }

  denials(): Denial[] {
    return [...this.#slots].map(([target, slot]) => ({ target, packets: Atomics.load(this.#words, this.#at(slot) + AT_HITS) }));
  }

  /** Outbound packets pass only to these endpoints over TCP and UDP; null ends the quarantine. At most MOST_ENDPOINTS. */
  quarantine(endpoints: readonly EndpointAddress[] | null): void {
    Atomics.store(this.#words, AT_QUARANTINE, 0);
    const entries = (endpoints ?? []).flatMap((endpoint) => [6, 17].map((protocol) => ({ ...endpoint, protocol })));
    for (let index = 0; index < MOST_ENDPOINTS; index++) {
      const at = AT_ENDPOINTS + index * ENDPOINT_WORDS;
      Atomics.store(this.#words, at, 0);
      const entry = entries[index];
      if (entry === undefined) continue;
      const address = new Uint32Array(padded(entry.address).buffer);
      address.forEach((word, part) => {
        Atomics.store(this.#words, at + 1 + part, word);
      });
      Atomics.store(this.#words, at, 1 | (entry.address.length === 16 ? 2 : 0) | (entry.protocol << 8) | (entry.port << 16));
    }
    if (endpoints !== null) Atomics.store(this.#words, AT_QUARANTINE, 1);
  }

  #at(slot: number): number {
    return HEADER_WORDS + slot * SLOT_WORDS;
  }

  /** The slot that holds the key already, or the first free one where it is looked for. */
  #freeSlot(target: Target): number {
    const home = hashOf(target.key);
    let free = -1;
    for (let probe = 0; probe < PROBE; probe++) {
      const slot = (home + probe) & (SLOTS - 1);
      const words = this.#words.subarray(this.#at(slot) + 1, this.#at(slot) + 1 + KEY_WORDS);
      if (words.every((word, index) => word === target.key[index])) return slot;
      if (free < 0 && (words[0] === 0 || words[0] === GONE)) free = slot;
      if (words[0] === 0) break;
    }
    if (free >= 0) return free;
    throw new SensorError('CONFIG', `no room in the verdict table (${this.#slots.size} denials)`, {
      hint: 'deny a network in place of many addresses',
    });
  }

  #write(slot: number, key: Uint32Array): void {
    const at = this.#at(slot);
    Atomics.add(this.#words, at, 1);
    key.forEach((word, index) => {
      Atomics.store(this.#words, at + 1 + index, word);
    });
    Atomics.store(this.#words, at + AT_HITS, 0);
    Atomics.add(this.#words, at, 1);
  }

  /** What is in the header about the keys that are held: readers skip what nobody holds. */
  #count(target: Target, change: 1 | -1): void {
    if (target.kind === TargetKind.PORT) Atomics.add(this.#words, AT_PORTS, change);
    if (target.kind === TargetKind.FLOW) Atomics.add(this.#words, AT_FLOWS, change);
    if (target.kind !== TargetKind.NETWORK) return;
    const { ipv6, prefix } = target;
    const name = `${ipv6 ? 6 : 4}/${prefix}`;
    const held = (this.#prefixes.get(name) ?? 0) + change;
    this.#prefixes.set(name, held);
    const at = (ipv6 ? AT_PREFIXES6 : AT_PREFIXES4) + (prefix >> 5);
    const bit = 1 << (prefix & 31);
    if (held > 0) Atomics.or(this.#words, at, bit);
    else Atomics.and(this.#words, at, ~bit);
  }
}
