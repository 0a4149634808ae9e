import { describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { DeviceNames } from '../../../src/service/device-names.ts';
import { ProtocolTallies } from '../../../src/service/protocol-tallies.ts';
import { ContextReceiver, ContextSender } from '../../../src/service/record-context.ts';

const delta = { packets_a_to_b: 3, packets_b_to_a: 2, bytes_a_to_b: 300, bytes_b_to_a: 200 };

function record(fields: Partial<FlowRecord>): FlowRecord {
  return { protocol: 'tcp', app: null, tunnel: null, delta, record: 'final', interim_seq: 0, ...fields } as FlowRecord;
}

const app = (protocol: string): FlowRecord['app'] => ({
  protocol,
  master: null,
  category: 'web',
  confidence: 'dpi',
  source: 'builtin',
});

describe('ProtocolTallies', () => {
  it('counts a flow once however often it reports, and its bytes by what each report adds', () => {
    const tallies = new ProtocolTallies();
    tallies.add(record({ app: app('tls'), record: 'interim', interim_seq: 1 }));
    tallies.add(record({ app: app('tls'), record: 'interim', interim_seq: 2 }));
    tallies.add(record({ app: app('tls'), record: 'final', interim_seq: 2 }));
    expect(tallies.totals).toEqual({ tls: { flows: 1, packets: 15, bytes: 1500 } });
  });

  it('names the transport where nobody knows the application, and leaves the outside of tunnels out', () => {
    const tallies = new ProtocolTallies();
    tallies.add(record({}));
    tallies.add(record({ tunnel: { role: 'outer', type: 'gre', id: null, parent: null } }));
    expect(tallies.totals).toEqual({ tcp: { flows: 1, packets: 5, bytes: 500 } });
  });

  it('holds a bounded number of names', () => {
    const tallies = new ProtocolTallies();
    for (let n = 0; n < 5000; n++) tallies.add(record({ app: app(`p${n}`) }));
    const names = Object.keys(tallies.totals);
    expect(names.length).toBe(1001);
    expect(tallies.totals.other.flows).toBe(4000);
  });
});

describe('DeviceNames', () => {
  it('forgets the name that was learned longest ago', () => {
    const names = new DeviceNames();
    names.learn('first', 'one');
    for (let n = 0; n < 19_999; n++) names.learn(`m${n}`, `n${n}`);
    expect(names.of('first')).toBe('one');
    names.learn('first', 'one');
    names.learn('last', 'two');
    expect([names.of('first'), names.of('m0'), names.of('last'), names.of(null)]).toEqual(['one', null, 'two', null]);
    names.learn('first', null);
    expect(names.of('first')).toBe('one');
  });
});

describe('the context of records on its way to another thread', () => {
  it('carries only what has changed', () => {
    const sender = new ContextSender();
    const receiver = new ContextReceiver();
    const tunnel = (id: number) => ({ id }) as never;
    const context = {
      baseSeconds: 7,
      communityIdSeed: 1,
      vlanAware: true,
      live: true,
      app: true,
      processes: true,
      localAddresses: new Set(['192.0.2.1']),
      tunnels: new Map([[1, tunnel(1)]]),
    };
    const first = sender.change(context);
    expect(first).toMatchObject({ localAddresses: ['192.0.2.1'], tunnels: [{ id: 1 }] });
    expect(receiver.apply(first)).toMatchObject({ baseSeconds: 7, live: true, processes: true });
    context.tunnels.set(2, tunnel(2));
    const second = structuredClone(sender.change(context));
    expect(second).toMatchObject({ localAddresses: null, tunnels: [{ id: 2 }] });
    const rebuilt = receiver.apply(second);
    expect([...rebuilt.tunnels.keys()]).toEqual([1, 2]);
    expect(rebuilt.localAddresses.has('192.0.2.1')).toBe(true);
    expect(sender.change({ ...context, localAddresses: new Set() }).localAddresses).toEqual([]);
  });
});
