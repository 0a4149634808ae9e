import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import type { ProtocolName } from '../../../src/app/protocols.ts';
import type { FlowLives } from '../../../src/flow/lives.ts';
import { readNames } from '../../../src/flow/name-list.ts';
import {
  type AppFlows,
  type AppFlowsMemory,
  AppReader,
  type AppReaderCode,
  AppState,
  AppWord,
  Offered,
} from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { RingReader } from '../../../src/ring/reader.ts';
import { AppBytes } from '../../../src/shard/app-bytes.ts';
import { NativeApps } from '../../../src/shard/native-apps.ts';
import { type AppOptions, ShardCounter } from '../../../src/shard/protocol.ts';
import { toldNames } from '../../support/app/told-names.ts';
import { type Packet, RingBuilder, UDP } from '../flow/records.ts';
import { Rig } from './rig.ts';

const addon = loadAddon();
const registry = createRegistry();

/** Parts of a shard's rows that native readers are given. */
const LIVES = {
  store: { rows: 4, hotB: new Uint8Array(4 * 192), coldB: new Uint8Array(4 * 192), coldBytes: 192 },
  tally: new Float64Array(ShardCounter.SLOTS),
} as unknown as FlowLives;

/** What native flows are made of. */
function made(wantsQuestions = false): { memory: AppFlowsMemory; apps: NativeApps } {
  let memory: AppFlowsMemory | undefined;
  const create = (given: AppFlowsMemory) => {
    memory = given;
    return new addon.AppFlows(given);
  };
  const rings = [new RingReader(new RingBuilder(1 << 12).ring)];
  const apps = new NativeApps(LIVES, new AppBytes(LIVES), {
    create,
    rings,
    tags: new SharedArrayBuffer(64),
    wantsQuestions,
  });
  if (memory === undefined) throw new Error('no native flows were made');
  return { memory, apps };
}

describe('readers by port', () => {
  it.each([
    [443, AppReader.TLS],
    [80, AppReader.HTTP],
    [8080, AppReader.HTTP],
    [22, AppReader.SSH],
    [25, AppReader.SMTP],
    [53, AppReader.NONE],
    [3306, AppReader.NONE],
    [50_000, AppReader.NONE],
  ])('TCP %i: %i', (port, reader) => {
    expect(made().memory.streamPorts[port]).toBe(reader);
    expect(made(true).memory.streamPorts[port]).toBe(reader);
  });

  it('of DNS, when nobody wants its questions', () => {
    const [quiet, asking] = [made(false).memory.datagramPorts, made(true).memory.datagramPorts];
    expect([quiet[53], quiet[443], quiet[123]]).toEqual([AppReader.DNS, AppReader.QUIC, AppReader.NONE]);
    expect([asking[53], asking[443], asking[123]]).toEqual([AppReader.NONE, AppReader.QUIC, AppReader.NONE]);
  });

  it('where their parsers are asked first, or behind parsers that are known to say no', () => {
    const { streamPorts, datagramPorts } = made().memory;
    const harmless = ['dnscrypt', 'openvpn', 'dtls'];
    const expected = (protocol: ProtocolName, candidates: (port: number) => readonly { protocol: string }[]) =>
      [...registry.usualPorts(protocol)].filter(
        (port) => candidates(port).find((parser) => !harmless.includes(parser.protocol))?.protocol === protocol,
      );
    const found = (ports: Uint8Array, reader: AppReaderCode) => [...ports.keys()].filter((port) => ports[port] === reader);
    const ascending = (ports: number[]) => ports.sort((one, other) => one - other);
    for (const [protocol, reader] of [
      ['tls', AppReader.TLS],
      ['http', AppReader.HTTP],
      ['ssh', AppReader.SSH],
      ['smtp', AppReader.SMTP],
    ] as const) {
      expect(found(streamPorts, reader), protocol).toEqual(ascending(expected(protocol, (port) => registry.streamsFor(port))));
    }
    for (const [protocol, reader] of [
      ['dns', AppReader.DNS],
      ['quic', AppReader.QUIC],
    ] as const) {
      expect(found(datagramPorts, reader), protocol).toEqual(ascending(expected(protocol, (port) => registry.datagramsFor(port, port))));
    }
  });
});

describe('what is known of a row', () => {
  it('is read from its state', () => {
    const { apps, memory } = made();
    memory.states.set([0, AppState.OPEN | AppReader.SSH, AppState.CLOSED | AppReader.DNS]);
    expect([0, 1, 2].map((slot) => [apps.isOpen(slot), apps.isClosed(slot), apps.protocolOf(slot)])).toEqual([
      [false, false, undefined],
      [true, false, 'ssh'],
      [false, true, 'dns'],
    ]);
  });

  it('bytes are taken, unless it is told otherwise', () => {
    const { apps, memory } = made();
    expect(memory.words[AppWord.ENABLED]).toBe(1);
    apps.isEnabled = false;
    expect(memory.words[AppWord.ENABLED]).toBe(0);
    apps.isEnabled = true;
    expect(memory.words[AppWord.ENABLED]).toBe(1);
  });

  it('open flows may hold 64 MiB', () => {
    const { apps, memory } = made();
    memory.words[AppWord.HELD] = 64 << 10;
    expect(apps.isOverfull).toBe(false);
    memory.words[AppWord.HELD]++;
    expect(apps.isOverfull).toBe(true);
  });
});

const HELLO = Buffer.from('SSH-2.0-a\r\n');

/** The opening of a TCP connection; its bytes begin behind number 0 of both sides. */
function connect(t: number, src: number, dport: number): Packet[] {
  const forth = { src, dst: 60_000, sport: 40_000, dport };
  const back = { src: 60_000, dst: src, sport: dport, dport: 40_000 };
  return [
    { ...forth, t, flags: 'S', seq: 0xffff_ffff },
    { ...back, t, flags: 'SA', seq: 0xffff_ffff, ack: 0 },
    { ...forth, t, flags: 'A', seq: 0, ack: 0 },
  ];
}
const sent = (t: number, src: number, dport: number, seq: number, payload: Uint8Array): Packet => ({
  t,
  src,
  dst: 60_000,
  sport: 40_000,
  dport,
  flags: 'A',
  seq,
  payload,
});
const answered = (t: number, src: number, sport: number, seq: number, payload: Uint8Array): Packet => ({
  t,
  src: 60_000,
  dst: src,
  sport,
  dport: 40_000,
  flags: 'A',
  seq,
  payload,
});

interface Shard {
  native: boolean;
  live?: boolean;
  /** Sees the memory and the flows when they are made. */
  watch?: (memory: AppFlowsMemory, flows: AppFlows) => void;
}

function shard(rings: RingBuilder[], { native, live = false, watch }: Shard): Rig {
  const options: AppOptions = { live, builtin: true, ndpi: false, tags: new SharedArrayBuffer(4096), transactions: false, events: false };
  const create = (memory: AppFlowsMemory) => {
    const flows = new addon.AppFlows(memory);
    watch?.(memory, flows);
    return flows;
  };
  const copies = rings.map(({ ring }) => {
    const copy = new Uint8Array(new SharedArrayBuffer(ring.byteLength));
    copy.set(ring);
    return copy;
  });
  return new Rig(copies, { app: { options, parts: { registry, detector: null } }, ...(native ? { createAppFlows: create } : {}) });
}

/** Rows as text: with the note's text behind them. */
const textOf = (rig: Rig) => rig.rows.map(({ view }) => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1'));

describe('a flow that becomes odd', () => {
  const ring = new RingBuilder();
  ring.packets(
    ...connect(1, 7, 80),
    sent(2, 7, 80, 0, Buffer.from('GET /a HTTP/1.1\r\nHost: a.ex')),
    sent(3, 7, 80, 27, Buffer.from('ample\r\nUser-Agent: x\r\n\r\n')),
    answered(4, 7, 80, 0, Buffer.from('HTTP/1.1 200 OK\r\nServer: y\r\nContent-')),
    // A hole.
    answered(5, 7, 80, 60, Buffer.from('lo')),
    answered(6, 7, 80, 36, Buffer.from('Length: 15\r\n\r\n0123456789')),
  );
  ring.end(1, 7);

  it('is read by the parsers from its beginning, each packet at its time', () => {
    const released: Float64Array[] = [];
    const natively = shard([ring], {
      native: true,
      watch: (_, flows) => {
        const release = flows.release.bind(flows);
        Object.defineProperty(flows, 'release', {
          value: (slot: number) => {
            const flow = release(slot);
            if (flow !== null) released.push(flow.events);
            return flow;
          },
        });
      },
    }).run();
    const alone = shard([ring], { native: false }).run();
    expect(textOf(natively)).toEqual(textOf(alone));
    expect(textOf(natively).join('')).toContain('"host":"a.example"');
    expect(released.map((events) => [...events])).toEqual([[0, 27, 2e9, 2, 0, 24, 3e9, 3, 1, 36, 4e9, 4]]);
    for (const counter of [ShardCounter.APP_FLOWS, ShardCounter.APP_PACKETS, ShardCounter.APP_CLOSED, ShardCounter.APP_OPEN])
      expect(natively.count(counter)).toBe(alone.count(counter));
  });
});

describe('open flows that hold too much', () => {
  const FLOWS = 30;
  const ring = new RingBuilder();
  for (let i = 0; i < FLOWS; i++) ring.packets(...connect(1 + i, 1 + i, 22), sent(1.5 + i, 1 + i, 22, 0, HELLO));
  ring.end(1, 50);

  /** The memory says that more is held than may be, while the slots that `holds` names are open. */
  function given(holds: (open: number) => boolean) {
    const order: number[] = [];
    const rig = shard([ring], {
      native: true,
      watch: (memory, flows) => {
        const conclude = flows.conclude.bind(flows);
        const open = () => memory.states.reduce((sum, state) => sum + ((state & AppState.OPEN) === 0 ? 0 : 1), 0);
        Object.defineProperty(flows, 'conclude', {
          value: (slot: number) => {
            order.push(slot);
            const answer = conclude(slot);
            if (holds(open())) memory.words[AppWord.HELD] = 1 << 20;
            return answer;
          },
        });
        const offer = flows.offer.bind(flows);
        Object.defineProperty(flows, 'offer', {
          value: (...record: Parameters<AppFlows['offer']>) => {
            const answer = offer(...record);
            if (answer === Offered.TAKEN && holds(open())) memory.words[AppWord.HELD] = 1 << 20;
            return answer;
          },
        });
      },
    }).run();
    return { rig, order };
  }

  it('are given up, the oldest first, until they hold less', () => {
    const { rig, order } = given((open) => open > 10);
    expect(rig.count(ShardCounter.APP_GIVEN_UP)).toBe(20);
    // Rows are taken in their order.
    expect(order.slice(0, 20)).toEqual(order.slice(0, 20).toSorted((one, other) => one - other));
    expect(rig.count(ShardCounter.APP_FLOWS)).toBe(FLOWS);
    expect(rig.count(ShardCounter.APP_CLOSED)).toBe(FLOWS);
    expect(rig.count(ShardCounter.APP_OPEN)).toBe(0);
    expect(textOf(rig).filter((text) => text.includes('"client":"SSH-2.0-a"'))).toHaveLength(FLOWS);
  });

  it('are left alone while they do not', () => {
    expect(given(() => false).rig.count(ShardCounter.APP_GIVEN_UP)).toBe(0);
  });
});

/** An answer of one address for a name of one letter (RFC 1035). */
const answer = (name: string, last: number) =>
  Uint8Array.from([
    0,
    1,
    0x81,
    0x80,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    0,
    1,
    name.charCodeAt(0),
    0,
    0,
    1,
    0,
    1,
    0xc0,
    12,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    60,
    0,
    4,
    192,
    0,
    2,
    last,
  ]);

describe('names', () => {
  it('are told in the order of their time, whoever has read them', () => {
    const ring = new RingBuilder();
    for (let i = 0; i < 6; i++) {
      const ports = { protocol: UDP, src: 60_000, dst: 1 + i, sport: 53, dport: 40_000 };
      // Every other one is not plain: there is a byte behind it, so that the parsers read it.
      const payload = answer('abcdef'[i], i);
      ring.packet({ ...ports, t: 1 + i, payload: i % 2 === 0 ? payload : Uint8Array.from([...payload, 0]) });
    }
    ring.end(1, 9);
    const names = (native: boolean) => {
      let taken = 0;
      const rig = shard([ring], {
        native,
        watch: (_, flows) => {
          const takeNames = flows.takeNames.bind(flows);
          Object.defineProperty(flows, 'takeNames', {
            value: () => {
              const told = takeNames();
              taken += readNames(told).length;
              return told;
            },
          });
        },
      }).run();
      return { told: rig.ticks.flatMap((tick) => toldNames(tick)), taken };
    };
    const [natively, alone] = [names(true), names(false)];
    expect(natively.told).toEqual(alone.told);
    expect(natively.told.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(natively.taken).toBe(3);
  });
});

describe('a live shard that is behind', () => {
  it('sheds the same flows', () => {
    const ring = new RingBuilder(1 << 16);
    for (let i = 0; i < 50; i++) ring.packets(...connect(1 + i / 100, 1 + i, 22), sent(1 + i / 100, 1 + i, 22, 0, HELLO));
    ring.end(1, 2);
    const [natively, alone] = [true, false].map((native) => shard([ring], { native, live: true }).run());
    expect(alone.count(ShardCounter.APP_SHED)).toBeGreaterThan(5);
    expect(textOf(natively)).toEqual(textOf(alone));
    expect([...natively.counters].filter((_, slot) => slot !== ShardCounter.TABLE_BYTES)).toEqual(
      [...alone.counters].filter((_, slot) => slot !== ShardCounter.TABLE_BYTES),
    );
  });
});
