/** The parsers that a shard asks, those first whose usual port a flow has. */
import type { DatagramDissector, StreamDissector } from './dissector.ts';
import type { ProtocolName } from './protocols.ts';

/** Protocols that are at home on any port: their parsers' ports are hints only. */
const ANYWHERE: ReadonlySet<ProtocolName> = new Set(['gnutella', 'dnscrypt', 'dtls', 'rtp', 'rtcp', 'ftp_data']);

/** What is asked of the parsers. */
export type Parsers = Pick<Registry, 'usualPorts' | 'streamsFor' | 'datagramsFor'>;

export class Registry {
  private readonly streams: readonly StreamDissector[];
  private readonly datagrams: readonly DatagramDissector[];
  private readonly ports = new Map<ProtocolName, ReadonlySet<number>>();
  private readonly streamPorts: ReadonlySet<number>;
  private readonly datagramPorts: ReadonlySet<number>;
  private readonly streamOrders = new Map<number, readonly StreamDissector[]>();
  private readonly datagramOrders = new Map<number, readonly DatagramDissector[]>();

  constructor(streams: readonly StreamDissector[], datagrams: readonly DatagramDissector[]) {
    this.streams = streams;
    this.datagrams = datagrams;
    this.streamPorts = new Set(streams.flatMap((parser) => parser.ports));
    this.datagramPorts = new Set(datagrams.flatMap((parser) => parser.ports));
  }

  /** Every port at which one of the protocol's parsers expects it. */
  usualPorts(protocol: ProtocolName): ReadonlySet<number> {
    let ports = this.ports.get(protocol);
    if (ports === undefined && ANYWHERE.has(protocol)) ports = new Set();
    if (ports === undefined) {
      const parsers = [...this.streams, ...this.datagrams].filter((dissector) => dissector.protocol === protocol);
      ports = new Set(parsers.flatMap((dissector) => dissector.ports));
      this.ports.set(protocol, ports);
    }
    return ports;
  }

  streamsFor(serverPort: number): readonly StreamDissector[] {
    return ordered(this.streams, this.streamOrders, this.streamPorts, [serverPort]);
  }

  datagramsFor(serverPort: number, clientPort: number): readonly DatagramDissector[] {
    return ordered(this.datagrams, this.datagramOrders, this.datagramPorts, [serverPort, clientPort]);
  }
}

/** Those first whose usual port it is; all of them in their common order where it is nobody's. */
function ordered<D extends { readonly ports: readonly number[] }>(
  all: readonly D[],
  orders: Map<number, readonly D[]>,
  usual: ReadonlySet<number>,
  ports: readonly number[],
): readonly D[] {
  const port = ports.find((candidate) => usual.has(candidate));
  if (port === undefined) return all;
  let order = orders.get(port);
  if (order === undefined) {
    order = [...all.filter((parser) => parser.ports.includes(port)), ...all.filter((parser) => !parser.ports.includes(port))];
    orders.set(port, order);
  }
  return order;
}
