/** Whose sockets are whose: in the kernel's own tables, and in a /proc of the test's making. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessLookup } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { SocketTables } from '../../../src/process/socket-tables.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const unavailable = process.platform === 'linux' ? null : 'needs Linux';
const suffix = unavailable === null ? '' : ` (skipped: ${unavailable})`;
const open = (root: string) => loadAddon().openProcessLookup(root) as ProcessLookup;
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const NOBODY = new Uint8Array(4);

describe.skipIf(unavailable !== null)(`sockets of this host${suffix}`, () => {
  it('are found by both ends, by the end that listens, and not where there is none', async () => {
    const lookup = open('/proc');
    expect(lookup.asksKernel).toBe(true);
    const server: Server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new Socket();
    const accepted = once(server, 'connection');
    client.connect(port, '127.0.0.1');
    await Promise.all([accepted, once(client, 'connect')]);
    const clientPort = client.localPort as number;
    const find = (localPort: number, remotePort: number) =>
      lookup.findSocket(6, LOOPBACK, localPort, remotePort === 0 ? NOBODY : LOOPBACK, remotePort, 0);
    const [own, other, listens] = [find(clientPort, port), find(port, clientPort), find(port, 0)];
    expect([own?.state, other?.state, listens?.state]).toEqual([1, 1, 10]);
    const inodes = [own, other, listens].map((socket) => socket?.inode ?? 0);
    expect(new Set(inodes).size).toBe(3);
    const me = { pid: process.pid, name: expect.any(String) };
    expect(lookup.findOwners(inodes)).toEqual({ owners: [me, me, me], hidden: false });
    // What is asked where the kernel does not answer says the same.
    const tables = new SocketTables((name) => readFileSync(`/proc/net/${name}`, 'latin1'), performance.now.bind(performance));
    const ends: [number, Uint8Array, number][] = [
      [clientPort, LOOPBACK, port],
      [port, LOOPBACK, clientPort],
      [port, NOBODY, 0],
    ];
    const read = ends.map(([localPort, remote, remotePort]) => tables.findSocket(6, LOOPBACK, localPort, remote, remotePort));
    expect(read).toEqual([own, other, listens]);
    client.destroy();
    server.close();
    await once(server, 'close');
    expect(find(port, 0)).toBeNull();
  });

  it('are found where datagrams would go to', async () => {
    const lookup = open('/proc');
    const socket = createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    const found = lookup.findSocket(17, LOOPBACK, socket.address().port, Uint8Array.of(192, 0, 2, 9), 53, 0);
    expect(lookup.findOwners([found?.inode ?? 0]).owners).toEqual([{ pid: process.pid, name: expect.any(String) }]);
    socket.close();
  });

  it('are not asked for with half an address', () => {
    const lookup = open('/proc');
    expect(() => lookup.findSocket(6, LOOPBACK, 1, new Uint8Array(16), 1, 0)).toThrow('two ends of the same kind');
    expect(() => lookup.findSocket(6, new Uint8Array(3), 1, new Uint8Array(3), 1, 0)).toThrow('two ends of the same kind');
    expect(() => lookup.findOwners(5 as unknown as number[])).toThrow('a list of inodes');
  });
});

describe.skipIf(unavailable !== null)(`processes of sockets${suffix}`, () => {
  let folder: TemporaryFolder;
  beforeEach(() => {
    folder = new TemporaryFolder('proc');
  });
  afterEach(() => folder[Symbol.dispose]());

  /** `files`: what each open file leads to, by its number. */
  function processAt(pid: number | string, name: string | Uint8Array | null, files: Record<string, string>): void {
    const home = `${folder.path}/${pid}`;
    mkdirSync(`${home}/fd`, { recursive: true });
    if (name !== null) writeFileSync(`${home}/comm`, name);
    for (const [file, target] of Object.entries(files)) symlinkSync(target, `${home}/fd/${file}`);
  }
  const ownersOf = (lookup: ProcessLookup, ...inodes: number[]) => lookup.findOwners(inodes).owners;

  it('are the youngest, in the order of the sockets', () => {
    processAt(10, 'old\n', { 3: 'socket:[1]', 4: 'socket:[2]' });
    processAt(20, 'young\n', { 0: '/dev/null', 5: 'socket:[2]', 6: 'socket:[3]' });
    const [old, young] = [
      { pid: 10, name: 'old' },
      { pid: 20, name: 'young' },
    ];
    expect(ownersOf(open(folder.path), 3, 9, 1, 2, 3)).toEqual([young, null, old, young, young]);
  });

  it('are looked for again when the socket has gone elsewhere', () => {
    processAt(10, 'first\n', { 3: 'socket:[1]' });
    const lookup = open(folder.path);
    expect(ownersOf(lookup, 1)).toEqual([{ pid: 10, name: 'first' }]);
    writeFileSync(`${folder.path}/10/comm`, 'renamed\n');
    expect(ownersOf(lookup, 1)).toEqual([{ pid: 10, name: 'renamed' }]);
    // The number now is another process's, with another file at that place.
    rmSync(`${folder.path}/10`, { recursive: true });
    processAt(10, 'second\n', { 3: 'socket:[8]' });
    processAt(11, 'third\n', { 7: 'socket:[1]' });
    expect(ownersOf(lookup, 1, 8)).toEqual([
      { pid: 11, name: 'third' },
      { pid: 10, name: 'second' },
    ]);
  });

  it('are no processes where names and links are not as the kernel writes them', () => {
    processAt('10x', 'a', { 3: 'socket:[1]' });
    processAt('99999999999', 'b', { 3: 'socket:[1]' });
    processAt(12, 'c', { x: 'socket:[1]', 3: 'socket:[1', 4: 'socket:[]', 5: 'socket:[-1]', 6: 'socket:[4294967297]', 7: 'pipe:[1]' });
    processAt(13, 'd', { 3: `socket:[${'1'.repeat(200)}]`, 4: 'socket:[1]x' });
    processAt(14, null, { 3: 'socket:[1]' });
    mkdirSync(`${folder.path}/15`);
    expect(ownersOf(open(folder.path), 1, 0, 4_294_967_295)).toEqual([null, null, null]);
  });

  it('may have any name', () => {
    processAt(10, Uint8Array.of(0x1b, 0xff, 0, 0x0a, 0x41, 0x0a), { 3: 'socket:[1]' });
    processAt(11, 'x'.repeat(5000), { 3: 'socket:[2]' });
    processAt(12, '', { 3: 'socket:[3]' });
    const [odd, long, none] = ownersOf(open(folder.path), 1, 2, 3);
    expect(odd).toEqual({ pid: 10, name: '\u001b\ufffd\u0000\nA' });
    expect(long?.name).toBe('x'.repeat(64));
    expect(none).toEqual({ pid: 12, name: '' });
  });

  it('are many: answers stay right when what was known is given up', () => {
    const inodes = Array.from({ length: 9000 }, (_, index) => index + 1);
    for (let pid = 1; pid <= 3; pid++) {
      const own = inodes.slice(3000 * (pid - 1), 3000 * pid);
      processAt(pid, `p${pid}`, Object.fromEntries(own.map((inode, index) => [index, `socket:[${inode}]`])));
    }
    const lookup = open(folder.path);
    for (let round = 0; round < 3; round++) {
      const pids = ownersOf(lookup, ...inodes).map((owner) => owner?.pid);
      expect(pids).toEqual(inodes.map((inode) => Math.ceil(inode / 3000)));
    }
    expect(open(`${folder.path}/nowhere`).findOwners([1])).toEqual({ owners: [null], hidden: false });
  });
});
