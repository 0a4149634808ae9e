/** The parsers that a shard asks, those first whose usual port a flow has. */
import type { DatagramDissector, StreamDissector } from './dissector.ts';
import type { ProtocolName } from './protocols.ts';

/** Orders kept for ports; beyond that, flows are asked in the common order. */
const MOST_ORDERS = 1024;

/** Protocols that are at home on any port: their parsers' ports are hints only. */
const ANYWHERE: ReadonlySet<ProtocolName> = new Set(['gnutella', 'dnscrypt', 'dtls', 'rtp', 'rtcp', 'ftp_data']);

export class Registry {
  private readonly streams: readonly StreamDissector[];
  private readonly datagrams: readonly DatagramDissector[];
  private readonly ports = new Map<ProtocolName, ReadonlySet<number>>();
  private readonly streamOrders = new Map<number, readonly StreamDissector[]>();
  private readonly datagramOrders = new Map<number, readonly DatagramDissector[]>();

  constructor(streams: readonly StreamDissector[], datagrams: readonly DatagramDissector[]) {
    this.streams = streams;
    this.datagrams = datagrams;
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
    return ordered(this.streams, this.streamOrders, serverPort, serverPort);
  }

  datagramsFor(serverPort: number, clientPort: number): readonly DatagramDissector[] {
    return ordered(this.datagrams, this.datagramOrders, serverPort, clientPort);
  }
}

function ordered<D extends { readonly ports: readonly number[] }>(
  all: readonly D[],
  orders: Map<number, readonly D[]>,
  port: number,
  otherPort: number,
): readonly D[] {
  const isUsual = (candidate: number) => all.some(({ ports }) => ports.includes(candidate));
  const cached = orders.get(port) ?? orders.get(otherPort);
  if (cached !== undefined) return cached;
  const usual = isUsual(port) ? port : isUsual(otherPort) ? otherPort : -1;
  const order =
    usual < 0 ? all : [...all.filter(({ ports }) => ports.includes(usual)), ...all.filter(({ ports }) => !ports.includes(usual))];
  if (orders.size < MOST_ORDERS) orders.set(usual < 0 ? port : usual, order);
  return order;
}
