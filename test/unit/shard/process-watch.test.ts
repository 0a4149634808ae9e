/** Which new flows a shard tells to the thread that names processes, and what it says of them. */
import { describe, expect, it } from 'vitest';
import {
  createProcessMemory,
  Q_ADDR_A,
  Q_ADDR_B,
  Q_KIND,
  Q_ORDINAL,
  Q_PORTS,
  QueryFlag,
  QueryReader,
} from '../../../src/process/memory.ts';
import { OwnAddresses } from '../../../src/process/own-addresses.ts';
import { ICMP, type Packet, RingBuilder, TCP, UDP } from '../flow/records.ts';
import { Rig } from './rig.ts';

/** What is told of packets on a host with these addresses. */
function told(addresses: string[], packets: Packet[]): Int32Array[] {
  const processes = createProcessMemory(1);
  new OwnAddresses(processes.addresses).replace(addresses);
  const ring = new RingBuilder();
  for (const packet of packets) ring.packet(packet);
  ring.end(1, 100);
  const rig = new Rig([ring.ring], { processes }).run();
  expect(rig.failures()).toEqual([]);
  return new QueryReader(processes.rings[0]).take(100);
}

const bytesAt = (query: Int32Array, at: number) => [...new Uint8Array(query.slice(at, at + 1).buffer)].join('.');

describe('flows that may have an end on this host', () => {
  it('are told once, with the end that is its own', () => {
    const packets: Packet[] = [
      { t: 1, src: 5, dst: 9, sport: 4000, dport: 443, flags: 'S' },
      { t: 2, src: 9, dst: 5, sport: 443, dport: 4000, flags: 'SA' },
      { t: 3, src: 9, dst: 3, sport: 53, dport: 600, protocol: UDP },
      { t: 4, src: 5, dst: 9, sport: 4000, dport: 443, flags: 'A' },
    ];
    const [tcp, udp, ...more] = told(['10.0.0.9'], packets);
    expect(more).toEqual([]);
    expect([bytesAt(tcp, Q_ADDR_A), bytesAt(tcp, Q_ADDR_B)]).toEqual(['10.0.0.5', '10.0.0.9']);
    expect([tcp[Q_PORTS] & 0xffff, tcp[Q_PORTS] >>> 16]).toEqual([4000, 443]);
    expect([tcp[Q_KIND], udp[Q_KIND]]).toEqual([TCP | QueryFlag.OWN_B, UDP | QueryFlag.OWN_B]);
    expect(new Float64Array(udp.slice(Q_ORDINAL, Q_ORDINAL + 2).buffer)[0]).toBe(3);
    expect(told(['10.0.0.5', '10.0.0.9'], packets)[0][Q_KIND]).toBe(TCP | QueryFlag.OWN_A | QueryFlag.OWN_B);
  });

  it('are none of others, and none without ports', () => {
    expect(
      told(
        ['10.0.0.9'],
        [
          { t: 1, src: 5, dst: 6 },
          { t: 2, src: 5, dst: 9, protocol: ICMP, icmpType: 8 },
        ],
      ),
    ).toEqual([]);
    expect(told([], [{ t: 1, src: 5, dst: 9 }])).toEqual([]);
  });

  it('are told again when another connection takes over the tuple', () => {
    const again: Packet[] = [1, 200].map((t) => ({ t, src: 5, dst: 9, flags: 'S' }));
    const ordinals = told(['10.0.0.9'], again).map((query) => new Float64Array(query.slice(Q_ORDINAL, Q_ORDINAL + 2).buffer)[0]);
    expect(ordinals).toEqual([1, 2]);
  });
});
