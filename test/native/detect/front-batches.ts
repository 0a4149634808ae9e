/** Ticks of answers, volumes and ends in which a few pairs come again and thousands come once, so that tables of rules overflow. */
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_FLAGS,
  B_HOST,
  B_KIND,
  B_LAST,
  B_ORDINAL,
  B_PACKETS,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_PORTS,
  B_PROTOCOL,
  B_SERVICE,
  B_SOURCE,
  B_TARGET,
  type DetectBatch,
  END_BYTES,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
} from '../../../src/detect/batch.ts';
import type { Random } from './random-batches.ts';

const SECOND = 1_000_000_000;
const PROTOCOLS = [6, 6, 6, 17, 1, 58, 132];
const PORTS = [22, 53, 80, 123, 443, 445, 3389, 49_151, 49_152, 0];
const TEXTS = ['ssh', 'tls', 'a.example', 'b.example'];
/** Addresses that come again and again, now and then, and all. */
const HOSTS = [5, 60, 6000];

class Entry {
  private readonly view: DataView;
  private readonly at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  u8 = (place: number, value: number) => this.view.setUint8(this.at + place, value);
  u16 = (place: number, value: number) => this.view.setUint16(this.at + place, value, true);
  u32 = (place: number, value: number) => this.view.setUint32(this.at + place, value, true);
  f64 = (place: number, value: number) => this.view.setFloat64(this.at + place, value, true);

  flow(random: Random, flags: number, protocols = PROTOCOLS): void {
    const isV6 = random.below(6) === 0;
    const hosts = random.of(HOSTS);
    this.u8(B_PROTOCOL, random.of(protocols));
    this.u16(B_PORTS, random.below(12) === 0 ? 123 : 40_000 + random.below(20_000));
    this.u16(B_PORTS + 2, random.of(PORTS));
    this.u8(B_FLAGS, flags | (isV6 ? EntryFlag.IPV6 : 0));
    this.address(B_SOURCE, isV6, random.below(hosts), random.below(5) > 0);
    this.address(B_TARGET, isV6, random.below(hosts), random.below(3) === 0);
  }

  private address(place: number, isV6: boolean, host: number, isInside: boolean): void {
    const bytes = isV6
      ? [isInside ? 0xfd : 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host >> 8, host & 0xff]
      : [isInside ? 10 : 198, 51, host >> 8, host & 0xff];
    for (const [index, byte] of bytes.entries()) this.u8(place + index, byte);
  }
}

function entriesOf(count: number, entryBytes: number, write: (entry: Entry, index: number) => void): Uint8Array {
  const bytes = new Uint8Array(count * entryBytes);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) write(new Entry(view, index * entryBytes), index);
  return bytes;
}

/** Some much, most little. */
const amount = (random: Random, most: number) => random.of([0, 1, random.below(1000), random.below(70_000), random.below(most)]);

function writeEnd(entry: Entry, random: Random, until: number, protocols = PROTOCOLS): void {
  entry.flow(random, 0, protocols);
  entry.u8(B_KIND, random.of([EntryKind.VOLUME, EntryKind.CLOSE, EntryKind.CLOSE]));
  const first = until - random.of([1, 2, 5, 9, 4000, 20_000]) * SECOND - random.below(1000);
  entry.f64(B_ORDINAL, random.below(1_000_000));
  entry.f64(B_AT, until);
  entry.f64(B_FIRST, first);
  entry.f64(B_LAST, until - random.below(1000));
  for (const way of [0, 1]) {
    entry.f64(B_BYTES + 8 * way, amount(random, 100_000));
    entry.f64(B_PAYLOAD + 8 * way, amount(random, 10_000));
    entry.f64(B_BYTES_SINCE + 8 * way, amount(random, 2_000_000));
    entry.u32(B_PACKETS + 4 * way, random.below(3));
    entry.u32(B_PACKETS_SINCE + 4 * way, random.of([0, 1, 200]));
  }
  entry.u16(B_SERVICE, random.below(6) === 0 ? 1 + random.below(2) : 0);
  entry.u16(B_HOST, random.below(6) === 0 ? 3 + random.below(2) : 0);
}

/** The second before `until`, ns: `count` answers and as many volumes and ends. */
export function frontBatch(random: Random, until: number, count: number): DetectBatch {
  const moments = entriesOf(count, MOMENT_BYTES, (entry, index) => {
    const at = until - SECOND + Math.floor((index * SECOND) / count / 4096) * 4096;
    entry.flow(random, random.below(8) === 0 ? EntryFlag.REFUSED : EntryFlag.ACCEPTED);
    entry.u8(B_KIND, EntryKind.OPEN);
    entry.f64(B_AT, at);
    entry.f64(B_ANSWERED_AT, at);
    entry.f64(B_ORDINAL, 2 * index);
    entry.f64(B_ANSWER_ORDINAL, 2 * index + 1);
  });
  const ends = entriesOf(count, END_BYTES, (entry) => writeEnd(entry, random, until));
  const answers = Uint32Array.from({ length: count }, (_, index) => index);
  return { moments, answers, ends, texts: TEXTS, dns: [], arp: [], dhcp: [], surges: [], untold: 0 };
}

/** The same second of nothing but ICMP. */
export function pingBatch(random: Random, until: number, count: number): DetectBatch {
  const ends = entriesOf(count, END_BYTES, (entry) => writeEnd(entry, random, until, [1, 58]));
  return { moments: new Uint8Array(0), answers: new Uint32Array(0), ends, texts: TEXTS, dns: [], arp: [], dhcp: [], surges: [], untold: 0 };
}
