/** With whom one device talks, the addresses of most bytes, and in which protocols. */
import type { DeviceDetail } from '../api/contract.ts';

type ProtocolShare = DeviceDetail['protocols'][number];

export interface Peer {
  ip: string;
  name: string | null;
  bytes: number;
  flows: number;
}

/** What one flow record adds. */
export interface Talk {
  /** null: a group, whose traffic counts for the protocol only. */
  readonly ip: string | null;
  readonly name: string | null;
  readonly protocol: string;
  /** 0 for records of flows that were counted before. */
  readonly flows: number;
  readonly packets: number;
  readonly bytes: number;
}

const MOST_PEERS = 50;
const MOST_PROTOCOLS = 32;
const OTHERS = 'other';

export class PeerBook {
  readonly #peers = new Map<string, Peer>();
  readonly #protocols = new Map<string, ProtocolShare>();
  /** No peer of a full book has fewer bytes: spares the search for the least one. */
  #floor = 0;

  add(talk: Talk): void {
    this.#addShare(talk);
    const { ip, name, bytes, flows } = talk;
    if (ip === null) return;
    const known = this.#peers.get(ip);
    if (known !== undefined) {
      known.bytes += bytes;
      known.flows += flows;
      known.name = name ?? known.name;
      return;
    }
    // A full book keeps the peers of most bytes: the least of them goes when the new one has more.
    if (this.#peers.size >= MOST_PEERS && !this.#forgetLeast(bytes)) return;
    this.#peers.set(ip, { ip, name, bytes, flows });
  }

  /** Most bytes first. */
  peers(): Peer[] {
    return [...this.#peers.values()].sort((a, b) => b.bytes - a.bytes || (a.ip < b.ip ? -1 : 1));
  }

  /** Most bytes first; beyond 32 protocols the rest is `other`. */
  protocols(): ProtocolShare[] {
    return [...this.#protocols.values()]
      .map((share) => ({ ...share }))
      .sort((a, b) => b.bytes - a.bytes || (a.protocol < b.protocol ? -1 : 1));
  }

  restore(peers: readonly Peer[], protocols: readonly ProtocolShare[]): void {
    for (const { ip, name, bytes, flows } of peers.slice(0, MOST_PEERS)) this.#peers.set(ip, { ip, name, bytes, flows });
    for (const share of protocols.slice(0, MOST_PROTOCOLS)) this.#protocols.set(share.protocol, { ...share });
  }

  #addShare({ protocol, flows, packets, bytes }: Talk): void {
    const name = this.#protocols.has(protocol) || this.#protocols.size < MOST_PROTOCOLS - 1 ? protocol : OTHERS;
    const share = this.#protocols.get(name);
    if (share === undefined) this.#protocols.set(name, { protocol: name, flows, packets, bytes });
    else {
      share.flows += flows;
      share.packets += packets;
      share.bytes += bytes;
    }
  }

  #forgetLeast(bytes: number): boolean {
    if (bytes <= this.#floor) return false;
    let least: Peer | null = null;
    for (const peer of this.#peers.values()) if (least === null || peer.bytes < least.bytes) least = peer;
    this.#floor = least?.bytes ?? 0;
    return least !== null && least.bytes < bytes && this.#peers.delete(least.ip);
  }
}
