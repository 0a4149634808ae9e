/** Who talked with whom and by which protocol in one tick: summed here, so that the tables take one row for many flows. */
import type { FlowRecord } from '../flow/record.ts';
import { networkOf } from './address-key.ts';
import type { StoredFlow } from './flow-table.ts';
import type { Places } from './places.ts';

export interface Sum {
  flows: number;
  packets: number;
  bytes: number;
}

export interface PeerSum extends Sum {
  mac: string;
  ip: string;
  peerMac: string | null;
  name: string | null;
  country: string | null;
}

export interface ProtocolSum extends Sum {
  /** `application`, `transport`, or the MAC of the device that spoke it. */
  of: string;
  protocol: string;
}

export interface LinkSum extends Sum {
  kind: 'device' | 'network';
  source: string;
  target: string;
}

type End = StoredFlow['line']['initiator'];

/** Stands for everything that a limit keeps from being told apart. */
export const OTHERS = '*';

/** What the record adds to sums in which earlier records of its flow already are. */
function sumOf(record: FlowRecord): Sum {
  const { delta } = record;
  const isFirst = record.record === 'final' ? record.interim_seq === 0 : record.interim_seq === 1;
  return {
    flows: isFirst ? 1 : 0,
    packets: delta.packets_a_to_b + delta.packets_b_to_a,
    bytes: delta.bytes_a_to_b + delta.bytes_b_to_a,
  };
}

/** Sums by two names: two small look-ups cost less than one by a text made of both. */
class SumsByPair<S extends Sum> {
  readonly #outer = new Map<string, Map<string, S>>();

  /** Adds to the sum of a pair; false when there is none yet, and `begin` is to be called. */
  add(first: string, second: string, sum: Sum): boolean {
    const found = this.#outer.get(first)?.get(second);
    if (found === undefined) return false;
    found.flows += sum.flows;
    found.packets += sum.packets;
    found.bytes += sum.bytes;
    return true;
  }

  begin(first: string, second: string, sum: S): void {
    const inner = this.#outer.get(first);
    if (inner === undefined) this.#outer.set(first, new Map([[second, sum]]));
    else inner.set(second, sum);
  }

  values(): S[] {
    return Array.from(this.#outer.values(), (inner) => [...inner.values()]).flat();
  }
}

export class UsageSums {
  readonly #peers = new SumsByPair<PeerSum>();
  readonly #protocols = new SumsByPair<ProtocolSum>();
  readonly #links = { device: new SumsByPair<LinkSum>(), network: new SumsByPair<LinkSum>() };
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  peers(): PeerSum[] {
    return this.#peers.values();
  }

  protocols(): ProtocolSum[] {
    return this.#protocols.values();
  }

  links(): LinkSum[] {
    return [...this.#links.device.values(), ...this.#links.network.values()];
  }

  /** The same flows, each added as it is taken. */
  *adding(flows: Iterable<StoredFlow>): Generator<StoredFlow> {
    for (const flow of flows) {
      this.#add(flow);
      yield flow;
    }
  }

  #add({ line, record }: StoredFlow): void {
    // A flow that carries others stays out of every sum: what it carries is counted.
    if (record.tunnel?.role === 'outer') return;
    const sum = sumOf(record);
    const { initiator, responder, protocol, app } = line;
    this.#protocol('application', app ?? 'unknown', sum);
    this.#protocol('transport', protocol, sum);
    this.#device(initiator, responder, app ?? protocol, sum);
    this.#device(responder, initiator, app ?? protocol, sum);
    this.#link('device', this.#places.of(initiator.mac, initiator.ip), this.#places.of(responder.mac, responder.ip), sum);
    this.#link('network', networkOf(initiator.ip), networkOf(responder.ip), sum);
  }

  #device(self: End, peer: End, protocol: string, sum: Sum): void {
    const { mac } = self;
    if (mac === null || !this.#places.isDevice(mac)) return;
    this.#protocol(mac, protocol, sum);
    const { ip, mac: peerMac, name, country } = peer;
    if (!this.#peers.add(mac, ip, sum)) this.#peers.begin(mac, ip, { mac, ip, peerMac, name, country, ...sum });
  }

  #protocol(of: string, protocol: string, sum: Sum): void {
    if (!this.#protocols.add(of, protocol, sum)) this.#protocols.begin(of, protocol, { of, protocol, ...sum });
  }

  #link(kind: LinkSum['kind'], source: string, target: string, sum: Sum): void {
    const links = this.#links[kind];
    if (!links.add(source, target, sum)) links.begin(source, target, { kind, source, target, ...sum });
  }
}
