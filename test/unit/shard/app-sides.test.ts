/** Of which side of a connection a shard still wants bytes. */
import { expect, it } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { DIRECTION_REASONS, F_DIRECTION_REASON, F_FLAGS, RowFlag } from '../../../src/flow/row.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { RingBuilder, TCP } from '../flow/records.ts';
import { Rig } from './rig.ts';

const CLIENT = { protocol: TCP, src: 1, dst: 2, sport: 40_000, dport: 80 };
const SERVER = { protocol: TCP, src: 2, dst: 1, sport: 80, dport: 40_000 };
const REQUEST = Uint8Array.from(Buffer.from('GET / HTTP/1.1\r\nHost: h.example\r\n\r\n'));
const header = (bodyBytes: number) => Uint8Array.from(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bodyBytes}\r\n\r\n`));
const BODY = new Uint8Array(1000).fill(0x2e);

const APP = {
  options: { live: false, builtin: true, ndpi: false, tags: new SharedArrayBuffer(4096), transactions: false, events: false },
  parts: { registry: createRegistry(), detector: null },
};

/** A request, the header of its response, `pieces` of the body, and another request. Records shown to the application layer. */
function shown(bodyBytes: number, pieces: number): number {
  const ring = new RingBuilder(1 << 17);
  const head = header(bodyBytes);
  let t = 0;
  const say = (from: typeof CLIENT, seq: number, ack: number, payload: Uint8Array) =>
    ring.packet({ ...from, t: t++ / 1000, flags: 'A', seq, ack, payload });
  say(CLIENT, 1, 1, REQUEST);
  say(SERVER, 1, 1 + REQUEST.length, head);
  for (let i = 0; i < pieces; i++) say(SERVER, 1 + head.length + i * BODY.length, 1 + REQUEST.length, BODY);
  say(CLIENT, 1 + REQUEST.length, 1 + head.length + pieces * BODY.length, REQUEST);
  ring.end(1, 1);
  return new Rig([ring.ring], { app: APP }).run().count(ShardCounter.APP_PACKETS);
}

it('none of a body beyond its beginning when it is longer than a head, but the next request', () => {
  expect(shown(100_000, 30)).toBe(4);
});

it('all of a body that ends within the head', () => {
  expect(shown(12_000, 12)).toBe(15);
});

it('a response whose body fills its side also corrects who began', () => {
  const ring = new RingBuilder(1 << 16);
  const response = Uint8Array.from([...header(100_000), ...BODY]);
  // The ports alone say that the other end did.
  const asker = { protocol: TCP, src: 1, dst: 2, sport: 80, dport: 40_000 };
  const server = { protocol: TCP, src: 2, dst: 1, sport: 40_000, dport: 80 };
  ring.packet({ ...asker, t: 0, flags: 'A', seq: 1, ack: 1, payload: REQUEST });
  ring.packet({ ...server, t: 0.001, flags: 'A', seq: 1, ack: 1 + REQUEST.length, payload: response });
  ring.end(1, 1);
  const [{ view }] = new Rig([ring.ring], { app: APP }).run().rows;
  expect(view.getUint32(F_FLAGS, true) & RowFlag.CLIENT_IS_B).toBe(0);
  expect(DIRECTION_REASONS[view.getUint8(F_DIRECTION_REASON)]).toBe('http_request');
});
