/** Ticks of flow events that could have come from shards: few addresses and ports, so that everything meets everything. */
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_FLAGS,
  B_KIND,
  B_LAST,
  B_MISSED,
  B_ORDINAL,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_PORTS,
  B_PROTOCOL,
  B_SOURCE,
  B_TARGET,
  B_TYPE,
  type DetectBatch,
  END_BYTES,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
} from '../../../src/detect/batch.ts';
import type { ArpEvent, DhcpEvent, DnsEvent } from '../../../src/detect/events.ts';

const SECOND = 1_000_000_000;
const UDP = 17;
const PROTOCOLS = [6, 6, 6, 6, UDP, UDP, 1, 58, 132];
const PORTS = [22, 53, 80, 443, 445, 3389, 50_000];
/** At the edges of those of clients and of traceroute. */
const UDP_PORTS = [...PORTS, 1023, 1024, 33_433, 33_434, 33_500, 33_689, 33_690];
const SERVICE_PORTS = [53, 123, 1023, 1024];
/** Echo, timestamp and address mask, their answers, and errors. */
const ICMP_TYPES = [8, 8, 8, 128, 128, 13, 17, 0, 3, 11, 129, 255];
/** Groups, this host, this link, and others that are not like the rest; `H` is any host. */
const H = -1;
const ODD_V4 = [
  [224, 0, 0, H],
  [239, 255, 255, 250],
  [223, 255, 255, 254],
  [255, 255, 255, 255],
  [10, 51, 100, 255],
  [198, 51, 100, 255],
  [127, 0, 0, 1],
  [169, 254, 1, H],
  [169, 253, 1, H],
  [0, 0, 0, 0],
  [172, 16, 3, H],
  [172, 32, 0, H],
];
const zeros = (count: number): number[] => new Array<number>(count).fill(0);
const ODD_V6 = [
  [0xff, 0x02, ...zeros(13), H],
  [0xfe, 0x80, ...zeros(13), H],
  [0xfe, 0xbf, ...zeros(13), H],
  [0xfe, 0xc0, ...zeros(13), H],
  zeros(16),
  [...zeros(15), 1],
  [...zeros(10), 0xff, 0xff, 10, 51, 100, H],
  [...zeros(10), 0xff, 0xff, 198, 51, 100, H],
  [...zeros(9), 1, 0xff, 0xff, 10, 51, 100, H],
  [...zeros(7), 1, 0, 0, 0xff, 0xff, 10, 51, 100, H],
  [0, 1, ...zeros(8), 0xff, 0xff, 10, 51, 100, H],
  [...zeros(10), 0xff, 0xfe, 10, 51, 100, H],
  [...zeros(12), 10, 51, 100, H],
  [0, 0x64, 0xff, 0x9b, ...zeros(8), 198, 51, 100, H],
  [0x20, 0x01, 0x0d, 0xb8, 0, 5, ...zeros(9), H],
  [0x20, 0x01, 0x0d, 0xb8, 0, 6, 0, 7, 0x7f, ...zeros(6), H],
  [0x20, 0x01, 0x0d, 0xb8, 0, 6, 0, 7, 0x80, ...zeros(6), H],
];
/** Before a tick's end nothing is told of what is older. */
const MOST_LATE = 5 * SECOND;

export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  below(most: number): number {
    this.state = (Math.imul(this.state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((this.state / 0x8000_0000) * most);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }
}

export interface TrafficShape {
  /** Attempts per tick and shard. */
  readonly moments: number;
  /** Of ten attempts, so many are not accepted at once. */
  readonly failing: number;
  /** Every attempt at the same service. */
  readonly crowd?: boolean;
}

class Entries {
  readonly view: DataView;
  readonly bytes: Uint8Array;

  constructor(count: number, entryBytes: number) {
    this.bytes = new Uint8Array(count * entryBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  f64 = (at: number, value: number) => this.view.setFloat64(at, value, true);

  flow(at: number, random: Random, isCrowd: boolean): void {
    const { view } = this;
    const isV6 = !isCrowd && random.below(8) === 0;
    const protocol = isCrowd ? 6 : random.of(PROTOCOLS);
    view.setUint8(at + B_PROTOCOL, protocol);
    view.setUint16(at + B_PORTS, random.below(4) === 0 ? random.of(SERVICE_PORTS) : 40_000 + random.below(20_000), true);
    view.setUint16(at + B_PORTS + 2, isCrowd ? 80 : random.of(protocol === UDP ? UDP_PORTS : PORTS), true);
    view.setUint8(at + B_TYPE, random.of(ICMP_TYPES));
    view.setUint8(at + B_FLAGS, (isV6 ? EntryFlag.IPV6 : 0) | (random.below(20) === 0 ? EntryFlag.UNTRACKED : 0));
    this.address(at + B_SOURCE, random.below(20) === 0 ? odd(random, isV6) : usual(isV6, random.below(12), true));
    const target = () => usual(isV6, isCrowd ? 1 : random.below(40), isCrowd || random.below(3) === 0);
    this.address(at + B_TARGET, !isCrowd && random.below(4) === 0 ? odd(random, isV6) : target());
  }

  private address(at: number, bytes: readonly number[]): void {
    for (const [index, byte] of bytes.entries()) this.view.setUint8(at + index, byte);
  }
}

const usual = (isV6: boolean, host: number, isInside: boolean): number[] =>
  isV6 ? [isInside ? 0xfd : 0x20, 1, ...zeros(13), host] : [isInside ? 10 : 198, 51, 100, host];

const odd = (random: Random, isV6: boolean): number[] =>
  random.of(isV6 ? ODD_V6 : ODD_V4).map((byte) => (byte === H ? random.below(12) : byte));

/** Attempts that begin within the second before `until`, answered or not, and late answers to earlier ones. */
function momentsOf(
  random: Random,
  until: number,
  { moments: count, failing, crowd }: TrafficShape,
): Pick<DetectBatch, 'moments' | 'answers'> {
  const entries = new Entries(count, MOMENT_BYTES);
  const answered: { entry: number; at: number; ordinal: number }[] = [];
  for (let entry = 0; entry < count; entry++) {
    const at = entry * MOMENT_BYTES;
    const isLate = random.below(15) === 0;
    const moment = until - SECOND + Math.floor((entry * SECOND) / count / 4096) * 4096;
    entries.flow(at, random, crowd === true);
    entries.f64(at + B_AT, moment);
    entries.f64(at + B_ORDINAL, moment / 4096 + random.below(3));
    entries.view.setUint8(at + B_KIND, isLate ? EntryKind.ANSWER : EntryKind.OPEN);
    const flags = entries.view.getUint8(at + B_FLAGS);
    const fails = random.below(10) < failing;
    if (!isLate && fails && random.below(2) === 0) continue;
    const answeredAt = Math.min(until, moment + random.below(1000) * 4096);
    entries.view.setUint8(at + B_FLAGS, flags | (fails ? EntryFlag.REFUSED : EntryFlag.ACCEPTED));
    entries.f64(at + B_ANSWERED_AT, answeredAt);
    entries.f64(at + B_ANSWER_ORDINAL, answeredAt / 4096 + random.below(3));
    answered.push({ entry, at: answeredAt, ordinal: entries.view.getFloat64(at + B_ANSWER_ORDINAL, true) });
  }
  answered.sort((a, b) => a.at - b.at || a.ordinal - b.ordinal);
  return { moments: entries.bytes, answers: Uint32Array.from(answered, ({ entry }) => entry) };
}

function endsOf(random: Random, until: number, count: number): Uint8Array {
  const entries = new Entries(count, END_BYTES);
  for (let entry = 0; entry < count; entry++) {
    const at = entry * END_BYTES;
    entries.flow(at, random, false);
    entries.view.setUint8(at + B_KIND, random.of([EntryKind.VOLUME, EntryKind.CLOSE, EntryKind.CLOSE, EntryKind.HALF_OPEN]));
    entries.view.setUint8(at + B_TYPE, random.below(14));
    entries.f64(at + B_AT, until);
    entries.f64(at + B_ORDINAL, random.below(1_000_000));
    entries.f64(at + B_FIRST, until - random.below(8000) * SECOND);
    entries.f64(at + B_LAST, until);
    for (const way of [0, 8]) {
      entries.f64(at + B_BYTES + way, random.below(20_000_000));
      entries.f64(at + B_PAYLOAD + way, random.below(20_000_000));
      entries.f64(at + B_BYTES_SINCE + way, random.below(3) === 0 ? 0 : random.below(20_000_000));
      entries.view.setUint32(at + B_PACKETS_SINCE + way / 2, random.below(1000), true);
    }
    entries.view.setUint32(at + B_MISSED, random.below(100), true);
  }
  return entries.bytes;
}

function claimsOf(random: Random, until: number): Pick<DetectBatch, 'arp' | 'dhcp' | 'dns'> {
  const when = () => {
    const at = until - random.below(MOST_LATE / 4096) * 4096;
    return { at, ordinal: at / 4096 + random.below(3) };
  };
  const sender = () => `\n3d${String.fromCharCode(random.below(12))}`;
  const arp = Array.from({ length: random.below(4) }, () => ({
    type: 'arp',
    ...when(),
    senderAddress: sender(),
    senderMac: `02:00:00:00:00:0${random.below(3)}`,
    targetAddress: sender(),
    operation: 2,
  }));
  const dns = Array.from({ length: random.below(4) }, () => ({
    type: 'dns',
    ...when(),
    client: sender(),
    query: `${random.below(1000)}.example.com`,
    qtype: 1,
    rcode: 0,
    answers: [],
  }));
  const dhcp = Array.from({ length: random.below(4) }, (): DhcpEvent => {
    const ends = { source: sender(), sourcePort: 68, target: '\xff\xff\xff\xff', targetPort: 67 };
    return { type: 'dhcp', ...when(), protocol: UDP, ...ends, station: `02:00:00:00:01:0${random.below(9)}` };
  });
  return { arp: arp as unknown as ArpEvent[], dhcp, dns: dns as unknown as DnsEvent[] };
}

/** One shard's events of the second before `until`, ns. */
export function randomBatch(random: Random, until: number, shape: TrafficShape): DetectBatch {
  return {
    ...momentsOf(random, until, shape),
    ends: endsOf(random, until, random.below(shape.moments)),
    texts: [],
    ...claimsOf(random, until),
    surges: [],
    untold: 0,
  };
}
