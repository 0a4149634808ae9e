/** Tables of sockets as the kernel writes them, and as it never would. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import { parseSocketTable, SocketTables } from '../../../src/process/socket-tables.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, state: string, inode: number) =>
  `   3: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000   101        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;
const WEB = '0202000A:1F90';
const TABLES: Record<string, string> = {
  tcp: HEAD + line(WEB, '00000000:0000', '0A', 11) + line(WEB, '0902000A:C001', '01', 12) + line(WEB, '0802000A:C002', '06', 0),
  tcp6: HEAD + line('00000000000000000000000000000000:0016', '00000000000000000000000000000000:0000', '0A', 21),
  udp: HEAD + line('00000000:0035', '00000000:0000', '07', 31) + line('0202000A:0035', '00000000:0000', '07', 32),
  udp6: HEAD + line('B80D0120000000000000000007000000:0035', '00000000000000000000000000000000:0000', '07', 41),
};

const bytes = (text: string) => addressBytes(text) as Uint8Array;

describe('sockets from tables', () => {
  let reads = 0;
  let nowMs = 0;
  const tables = new SocketTables(
    (name) => {
      reads++;
      return TABLES[name] ?? '';
    },
    () => nowMs,
  );
  const find = (protocol: number, local: string, localPort: number, remote: string, remotePort: number) => {
    nowMs += 100;
    return tables.findSocket(protocol, bytes(local), localPort, bytes(remote), remotePort);
  };

  it.each([
    ['a connection', 6, '10.0.2.2', 8080, '10.0.2.9', 0xc001, { inode: 12, state: 1 }],
    ['one that nobody has any more', 6, '10.0.2.2', 8080, '10.0.2.8', 0xc002, { inode: 0, state: 6 }],
    ['one that is not accepted: who listens', 6, '10.0.2.2', 8080, '10.0.2.7', 5, { inode: 11, state: 10 }],
    ['IPv4 at a socket for both', 6, '10.0.2.2', 22, '10.0.2.7', 5, { inode: 21, state: 10 }],
    ['datagrams at an address rather than at any', 17, '10.0.2.2', 53, '10.0.2.7', 5, { inode: 32, state: 7 }],
    ['datagrams at any address', 17, '10.0.2.3', 53, '10.0.2.7', 5, { inode: 31, state: 7 }],
    ['IPv6', 17, '2001:db8::7', 53, '2001:db8::9', 5, { inode: 41, state: 7 }],
    ['nothing at another port', 6, '10.0.2.2', 8081, '10.0.2.9', 0xc001, null],
    ['nothing at another address', 6, '10.0.2.3', 8080, '10.0.2.9', 0xc001, null],
  ])('finds %s', (_name, protocol, local, localPort, remote, remotePort, expected) => {
    expect(find(protocol, local, localPort, remote, remotePort)).toEqual(expected);
  });

  it('reads a table once for questions that come together', () => {
    find(6, '10.0.2.2', 8080, '10.0.2.9', 0xc001);
    const before = reads;
    tables.findSocket(6, bytes('10.0.2.2'), 8080, bytes('10.0.2.8'), 0xc002);
    expect(reads).toBe(before);
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...Object.values(TABLES)))), (parts) => {
        for (const { inode, state } of parseSocketTable(parts.join('')).values()) {
          expect(Number.isSafeInteger(inode) && state >= 0 && state < 256).toBe(true);
        }
      }),
    );
  });
});
