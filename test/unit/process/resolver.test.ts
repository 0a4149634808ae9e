/** When sockets and their processes are asked for, against a kernel and a /proc of the test's own. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProcessFacts, SocketFacts } from '../../../src/native/engine.ts';
import { flowKey } from '../../../src/process/flow-key.ts';
import {
  createProcessMemory,
  Q_ADDR_A,
  Q_ADDR_B,
  Q_HASH_LO,
  Q_KIND,
  Q_ORDINAL,
  Q_PORTS,
  QUERY_WORDS,
  QueryFlag,
} from '../../../src/process/memory.ts';
import { OwnAddresses } from '../../../src/process/own-addresses.ts';
import { MOST_WAITING, Resolver } from '../../../src/process/resolver.ts';

const HOST = [192, 0, 2, 1];
const CLIENT = [198, 51, 100, 9];
const LISTENS = 10;
const ESTABLISHED = 1;
const HALF_OPEN = 12;
const TIME_WAIT = 6;
const UDP_STATE = 7;

/** `local:port remote:port@interface` as the kernel was asked. */
let sockets: Map<string, SocketFacts>;
let processes: Map<number, ProcessFacts>;
let searches: number[][];
let asked: string[];
let hides: boolean;
let hidden: number;
let resolver: Resolver;

beforeEach(() => {
  sockets = new Map();
  processes = new Map();
  searches = [];
  asked = [];
  hides = false;
  hidden = 0;
  const own = new OwnAddresses(createProcessMemory(1).addresses);
  own.replace([HOST.join('.')]);
  resolver = new Resolver({
    own,
    interfaces: [3],
    findSocket: (protocol, local, localPort, remote, remotePort, index) => {
      const key = `${protocol} ${local.join('.')}:${localPort} ${remote.join('.')}:${remotePort}@${index}`;
      asked.push(key);
      return sockets.get(key) ?? null;
    },
    findOwners: (inodes) => {
      searches.push([...inodes]);
      const owners = inodes.map((inode) => processes.get(inode) ?? null);
      return { owners, hidden: hides && owners.includes(null) };
    },
    onHidden: () => hidden++,
  });
});

interface Spec {
  a?: number[];
  b?: number[];
  portA?: number;
  portB?: number;
  protocol?: number;
  own?: number;
  ordinal?: number;
}

function query({
  a = HOST,
  b = CLIENT,
  portA = 80,
  portB = 5000,
  protocol = 6,
  own = QueryFlag.OWN_A,
  ordinal = 1,
}: Spec = {}): Int32Array {
  const words = new Int32Array(QUERY_WORDS);
  new Uint8Array(words.buffer).set(a, 4 * Q_ADDR_A);
  new Uint8Array(words.buffer).set(b, 4 * Q_ADDR_B);
  new Float64Array(words.buffer)[Q_ORDINAL >> 1] = ordinal;
  words[Q_HASH_LO] = -7;
  words[Q_PORTS] = portA | (portB << 16);
  words[Q_KIND] = protocol | own;
  return words;
}

const tcp = (remote = '198.51.100.9:5000', index = 0) => `6 192.0.2.1:80 ${remote}@${index}`;
const listener = '6 192.0.2.1:80 0.0.0.0:0@0';
const web = { pid: 80, name: 'web' };
const worker = { pid: 81, name: 'worker' };
const key = flowKey(-7, 0, 1, false);

describe('naming processes', () => {
  it('asks for a socket at once, from the end that is of this host', () => {
    sockets.set(tcp(), { inode: 5, state: ESTABLISHED });
    processes.set(5, web);
    resolver.add(query(), 0);
    expect(resolver.dueMs).toBe(0);
    expect(resolver.turn(0)).toEqual([{ key, a: web, b: null }]);
    expect([resolver.flows, resolver.named, resolver.dueMs]).toEqual([1, 1, Number.POSITIVE_INFINITY]);
    expect(resolver.turn(1000)).toEqual([]);
  });

  it('names both ends of a flow within the host', () => {
    sockets.set('6 127.0.0.1:80 127.0.0.1:5000@0', { inode: 5, state: ESTABLISHED });
    sockets.set('6 127.0.0.1:5000 127.0.0.1:80@0', { inode: 6, state: ESTABLISHED });
    processes.set(5, web).set(6, worker);
    resolver.add(query({ a: [127, 0, 0, 1], b: [127, 0, 0, 1], own: QueryFlag.OWN_A | QueryFlag.OWN_B }), 0);
    expect(resolver.turn(0)).toEqual([{ key, a: web, b: worker }]);
    expect(searches).toEqual([[5, 6]]);
  });

  it('looks at nothing that only shares the bit of an address', () => {
    resolver.add(query({ a: CLIENT, b: CLIENT, own: QueryFlag.OWN_A | QueryFlag.OWN_B }), 0);
    expect(resolver.turn(0)).toEqual([]);
    expect([asked, resolver.flows]).toEqual([[], 0]);
  });

  it('says who listens until somebody accepts', () => {
    sockets.set(tcp(), { inode: 0, state: HALF_OPEN });
    sockets.set(listener, { inode: 4, state: LISTENS });
    processes.set(4, web).set(5, worker);
    resolver.add(query(), 0);
    expect(resolver.turn(0)).toEqual([{ key, a: web, b: null }]);
    expect(resolver.dueMs).toBe(5);
    expect(resolver.turn(5)).toEqual([]);
    sockets.set(tcp(), { inode: 5, state: ESTABLISHED });
    expect(resolver.turn(55)).toEqual([{ key, a: worker, b: null }]);
    expect(resolver.dueMs).toBe(Number.POSITIVE_INFINITY);
    expect(searches).toEqual([[4], [5]]);
    expect(resolver.named).toBe(1);
  });

  it('keeps who listens when nobody accepts in time, and when it is over', () => {
    sockets.set(tcp(), { inode: 4, state: LISTENS });
    sockets.set(tcp('198.51.100.9:5001'), { inode: 0, state: TIME_WAIT });
    sockets.set(listener, { inode: 4, state: LISTENS });
    processes.set(4, web);
    resolver.add(query(), 0);
    resolver.add(query({ portB: 5001, ordinal: 2 }), 0);
    expect(resolver.turn(0).map(({ a }) => a)).toEqual([web, web]);
    for (const at of [5, 55, 555]) expect(resolver.turn(at)).toEqual([]);
    expect(resolver.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('says who listens when the connection is over before its owner was found', () => {
    sockets.set(tcp(), { inode: 5, state: ESTABLISHED });
    sockets.set(listener, { inode: 4, state: LISTENS });
    processes.set(4, web);
    resolver.add(query(), 0);
    expect(resolver.turn(0)).toEqual([{ key, a: web, b: null }]);
    expect(searches).toEqual([[5], [4]]);
    // Not of a connection that this host began, where nobody listens.
    sockets.delete(listener);
    sockets.set(tcp('198.51.100.9:5001'), { inode: 6, state: ESTABLISHED });
    resolver.add(query({ portB: 5001, ordinal: 2 }), 0);
    expect(resolver.turn(0)).toEqual([]);
    expect(searches.at(-1)).toEqual([6]);
  });

  it('looks once more for a socket that was not there', () => {
    resolver.add(query(), 0);
    expect(resolver.turn(0)).toEqual([]);
    expect(asked).toEqual([tcp(), tcp('198.51.100.9:5000', 3)]);
    sockets.set(tcp('198.51.100.9:5000', 3), { inode: 5, state: ESTABLISHED });
    processes.set(5, web);
    expect(resolver.turn(5)).toEqual([{ key, a: web, b: null }]);
    resolver.add(query({ portB: 6000 }), 10);
    resolver.turn(10);
    resolver.turn(15);
    expect(resolver.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes a datagram socket as it is', () => {
    sockets.set('17 192.0.2.1:53 198.51.100.9:5000@0', { inode: 9, state: UDP_STATE });
    processes.set(9, web);
    resolver.add(query({ protocol: 17, portA: 53 }), 0);
    expect(resolver.turn(0)).toEqual([{ key, a: web, b: null }]);
    expect(resolver.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('searches for a socket without a process only once in a while', () => {
    sockets.set('17 192.0.2.1:53 198.51.100.9:5000@0', { inode: 9, state: UDP_STATE });
    for (const atMs of [0, 100, 4900]) {
      resolver.add(query({ protocol: 17, portA: 53 }), atMs);
      resolver.turn(atMs);
    }
    expect(searches).toEqual([[9]]);
    resolver.add(query({ protocol: 17, portA: 53 }), 5001);
    resolver.turn(5001);
    expect(searches).toEqual([[9], [9]]);
  });

  it('speaks of missing rights for sockets that are there, not for those that are gone', () => {
    hides = true;
    sockets.set(tcp(), { inode: 5, state: ESTABLISHED });
    resolver.add(query(), 0);
    resolver.turn(0);
    expect(hidden).toBe(1);
    let looks = 0;
    sockets.get = (name) => (name === tcp('198.51.100.9:5001') && looks++ === 0 ? { inode: 6, state: ESTABLISHED } : undefined);
    resolver.add(query({ portB: 5001 }), 0);
    resolver.turn(0);
    expect([searches.at(-1), hidden]).toEqual([[6], 1]);
  });

  it('lets no more wait than it may, and looks at new flows before all of those', () => {
    for (let ordinal = 0; ordinal < MOST_WAITING + 100; ordinal++) resolver.add(query({ ordinal }), 0);
    resolver.turn(0);
    asked = [];
    sockets.set(tcp('198.51.100.9:6000'), { inode: 5, state: ESTABLISHED });
    processes.set(5, web);
    resolver.add(query({ portB: 6000 }), 5);
    expect(resolver.turn(5)).toEqual([{ key, a: web, b: null }]);
    expect(asked.length).toBeLessThan(1000);
    while (resolver.dueMs <= 5) resolver.turn(5);
    // Each is asked for without an interface, and at the one that is captured.
    expect(asked).toHaveLength(2 * MOST_WAITING + 1);
  });
});
