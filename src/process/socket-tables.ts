/**
 * Sockets from the tables under /proc/net, for kernels that do not answer questions about single ones. A table is read as a
 * whole, so it is read again only after a while.
 *
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 …
 *
 * Addresses are words of 32 bits as the machine holds them, in hexadecimal digits.
 */
import type { SocketFacts } from '../native/engine.ts';

const TCP = 6;
/** A table may be this old: reading one takes milliseconds where there are many sockets. */
const FRESH_MS = 5;
/** Lines that are read of one table. */
const MOST_LINES = 65_536;
const LINE =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +\d+ +\d+ (\d{1,10})\b/;

/** Sockets by both ends; those of the unspecified address and port 0 are bound to less. */
export type SocketTable = ReadonlyMap<string, SocketFacts>;

/** An address as the tables write it. */
function digitsOf(address: Uint8Array): string {
  let digits = '';
  for (let i = 0; i < address.length; i += 4) {
    for (let byte = 3; byte >= 0; byte--) digits += address[i + byte].toString(16).padStart(2, '0');
  }
  return digits.toUpperCase();
}

const portDigits = (port: number): string => port.toString(16).padStart(4, '0').toUpperCase();

/** Takes any text; lines that are none of a table are left out. */
export function parseSocketTable(text: string): SocketTable {
  const sockets = new Map<string, SocketFacts>();
  for (const line of text.split('\n', MOST_LINES)) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, local, localPort, remote, remotePort, state, inode] = match;
    const key = `${local}:${localPort} ${remote}:${remotePort}`;
    // Several may share a port: the first is as good as any, but one that a process has is better.
    if ((sockets.get(key)?.inode ?? 0) === 0) sockets.set(key, { inode: Number(inode), state: Number.parseInt(state, 16) });
  }
  return sockets;
}

const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

function asIpv6(address: Uint8Array): Uint8Array {
  const wide = new Uint8Array(16);
  // The unspecified address of IPv6 stands for that of IPv4 too.
  if (address.some((byte) => byte !== 0)) wide.set(MAPPED);
  wide.set(address, 12);
  return wide;
}

/** The connection's own socket, else the one that is bound to most of the local end. */
function findIn(table: SocketTable, local: Uint8Array, localPort: number, remote: Uint8Array, remotePort: number): SocketFacts | null {
  const any = digitsOf(new Uint8Array(local.length));
  const port = portDigits(localPort);
  const own = digitsOf(local);
  return (
    table.get(`${own}:${port} ${digitsOf(remote)}:${portDigits(remotePort)}`) ??
    table.get(`${own}:${port} ${any}:0000`) ??
    table.get(`${any}:${port} ${any}:0000`) ??
    null
  );
}

export class SocketTables {
  private readonly read: (name: string) => string;
  private readonly now: () => number;
  private readonly tables = new Map<string, { table: SocketTable; atMs: number }>();

  /** `read` gives the text of a table (`tcp`, `udp6` …), '' when there is none; `now`: milliseconds. */
  constructor(read: (name: string) => string, now: () => number) {
    this.read = read;
    this.now = now;
  }

  findSocket(protocol: number, local: Uint8Array, localPort: number, remote: Uint8Array, remotePort: number): SocketFacts | null {
    const name = protocol === TCP ? 'tcp' : 'udp';
    if (local.length === 4) {
      const found = findIn(this.table(name), local, localPort, remote, remotePort);
      if (found !== null) return found;
    }
    const wide = local.length === 4 ? [asIpv6(local), asIpv6(remote)] : [local, remote];
    return findIn(this.table(`${name}6`), wide[0], localPort, wide[1], remotePort);
  }

  private table(name: string): SocketTable {
    const known = this.tables.get(name);
    if (known !== undefined && this.now() - known.atMs < FRESH_MS) return known.table;
    const table = parseSocketTable(this.read(name));
    this.tables.set(name, { table, atMs: this.now() });
    return table;
  }
}
