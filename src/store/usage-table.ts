/**
 * Peers and protocols of each device, and links and protocols over time: sums that pages show of any time range without
 * reading flows. Updated with the records of each tick, by what they add to earlier records of the same flow, so a
 * range holds what was reported in it.
 *
 * Limits: of a tick the peers and links of most bytes; per device the peers of most bytes; per minute, hour and day
 * a number of links, beyond which the far end of what is new is `*`.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeviceDetail } from '../api/contract.ts';
import type { Places } from './places.ts';
import { bucketOf, DAY, HOUR, MINUTE } from './stats-table.ts';
import { type LinkSum, OTHERS, type PeerSum, type ProtocolSum, type Sum, UsageSums } from './usage-sums.ts';

export const USAGE_STEPS = [
  { step: MINUTE, keepSecs: 6 * HOUR },
  { step: HOUR, keepSecs: 14 * DAY },
  { step: DAY, keepSecs: 366 * DAY },
] as const;

const MOST_PEERS_PER_TICK = 4000;
const MOST_LINKS_PER_TICK = 1000;
/** A graph shows 2,000 nodes at most, and adds up the links of some seventy hours while its page waits. */
const MOST_LINKS_PER_BUCKET = 1000;
/** Beyond them: links of one end with everybody else. */
const MOST_FOLDED_PER_BUCKET = 500;
/** Trimmed to the lower number when the higher is reached. */
const PEERS_PER_DEVICE = { kept: 512, most: 768 };

export const USAGE_SCHEMA = `
CREATE TABLE device_peers (
  mac TEXT NOT NULL REFERENCES devices (mac) ON DELETE CASCADE,
  ip TEXT NOT NULL,
  peer_mac TEXT,
  name TEXT,
  country TEXT,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (mac, ip)
) WITHOUT ROWID;
CREATE TABLE device_protocols (
  mac TEXT NOT NULL REFERENCES devices (mac) ON DELETE CASCADE,
  protocol TEXT NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (mac, protocol)
) WITHOUT ROWID;
CREATE TABLE protocol_usage (
  step_secs INTEGER NOT NULL,
  time REAL NOT NULL,
  kind TEXT NOT NULL,
  protocol TEXT NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (step_secs, time, kind, protocol)
) WITHOUT ROWID;
CREATE TABLE link_usage (
  step_secs INTEGER NOT NULL,
  time REAL NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (step_secs, time, kind, source, target)
) WITHOUT ROWID;
`;

const SUMS = 'flows = flows + excluded.flows, packets = packets + excluded.packets, bytes = bytes + excluded.bytes';

interface Divided<S> {
  /** Of most bytes. */
  largest: S[];
  rest: S[];
}

function divided<S extends Sum>(sums: S[], most: number): Divided<S> {
  if (sums.length > most) sums.sort((a, b) => b.bytes - a.bytes);
  return { largest: sums.slice(0, most), rest: sums.slice(most) };
}

const linkKey = ({ kind, source, target }: Pick<LinkSum, 'kind' | 'source' | 'target'>): string => `${kind} ${source} ${target}`;

/** True where a bucket tells the link apart already, or has room to begin. */
function isTold(told: Set<string>, link: LinkSum, most: number): boolean {
  const key = linkKey(link);
  if (!told.has(key) && told.size >= most) return false;
  told.add(key);
  return true;
}

function addTo(sums: Map<string, LinkSum>, link: LinkSum): void {
  const sum = sums.get(linkKey(link));
  if (sum === undefined) {
    sums.set(linkKey(link), { ...link });
    return;
  }
  sum.flows += link.flows;
  sum.packets += link.packets;
  sum.bytes += link.bytes;
}

export class UsageTable {
  readonly #places: Places;
  readonly #peer: StatementSync;
  readonly #peerCount: StatementSync;
  readonly #trimPeers: StatementSync;
  readonly #deviceProtocol: StatementSync;
  readonly #protocol: StatementSync;
  readonly #link: StatementSync;
  readonly #linksOfBucket: StatementSync;
  readonly #removeProtocols: StatementSync;
  readonly #removeLinks: StatementSync;
  /** By width: the links that the running minute, hour and day already tell apart. */
  readonly #told = new Map<number, { begin: number; links: Set<string> }>();

  constructor(db: DatabaseSync, places: Places) {
    this.#places = places;
    this.#peer = db.prepare(`
      INSERT INTO device_peers (mac, ip, peer_mac, name, country, flows, packets, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (mac, ip) DO UPDATE SET ${SUMS}, peer_mac = coalesce(excluded.peer_mac, peer_mac),
        name = coalesce(excluded.name, name), country = coalesce(excluded.country, country)`);
    this.#peerCount = db.prepare('SELECT count(*) AS count FROM device_peers WHERE mac = ?');
    this.#trimPeers = db.prepare(`
      DELETE FROM device_peers WHERE mac = ?1
        AND ip IN (SELECT ip FROM device_peers WHERE mac = ?1 ORDER BY bytes DESC, ip LIMIT -1 OFFSET ${PEERS_PER_DEVICE.kept})`);
    this.#deviceProtocol = db.prepare(`
      INSERT INTO device_protocols (mac, protocol, flows, packets, bytes) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (mac, protocol) DO UPDATE SET ${SUMS}`);
    this.#protocol = db.prepare(`
      INSERT INTO protocol_usage VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (step_secs, time, kind, protocol) DO UPDATE SET ${SUMS}`);
    this.#link = db.prepare(`
      INSERT INTO link_usage VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (step_secs, time, kind, source, target) DO UPDATE SET ${SUMS}`);
    this.#linksOfBucket = db.prepare('SELECT kind, source, target FROM link_usage WHERE step_secs = ? AND time = ?');
    const removal = (table: string) =>
      db.prepare(
        `DELETE FROM ${table} WHERE step_secs = ?1 AND time IN (SELECT DISTINCT time FROM ${table} WHERE step_secs = ?1 AND time < ?2 LIMIT ?3)`,
      );
    this.#removeProtocols = removal('protocol_usage');
    this.#removeLinks = removal('link_usage');
  }

  /** Sums of a tick; its devices are written before. */
  begin(): UsageSums {
    return new UsageSums(this.#places);
  }

  /** Inside a transaction. */
  write(sums: UsageSums, begin: number): void {
    this.#writePeers(sums.peers());
    this.#writeProtocols(sums.protocols(), begin);
    const links = divided(sums.links(), MOST_LINKS_PER_TICK);
    for (const { step } of USAGE_STEPS) this.#writeLinks(links, step, bucketOf(begin, step));
  }

  /** After a rollback: what memory says of the tables may be wrong. */
  reset(): void {
    this.#told.clear();
  }

  /** Removes what is older than its level keeps, at most so many minutes, hours and days. */
  prune(now: number, most: number): number {
    let removed = 0;
    for (const { step, keepSecs } of USAGE_STEPS) {
      removed += Number(this.#removeProtocols.run(step, now - keepSecs, most).changes);
      removed += Number(this.#removeLinks.run(step, now - keepSecs, most).changes);
    }
    return removed;
  }

  #writePeers(peers: PeerSum[]): void {
    const { largest } = divided(peers, MOST_PEERS_PER_TICK);
    for (const { mac, ip, peerMac, name, country, flows, packets, bytes } of largest) {
      this.#peer.run(mac, ip, peerMac, name, country, flows, packets, bytes);
    }
    for (const mac of new Set(largest.map((peer) => peer.mac))) {
      const { count } = this.#peerCount.get(mac) as { count: number };
      if (count > PEERS_PER_DEVICE.most) this.#trimPeers.run(mac);
    }
  }

  #writeProtocols(sums: Iterable<ProtocolSum>, begin: number): void {
    for (const { of, protocol, flows, packets, bytes } of sums) {
      if (of !== 'application' && of !== 'transport') this.#deviceProtocol.run(of, protocol, flows, packets, bytes);
      else for (const { step } of USAGE_STEPS) this.#protocol.run(step, bucketOf(begin, step), of, protocol, flows, packets, bytes);
    }
  }

  #writeLinks({ largest, rest }: Divided<LinkSum>, step: number, begin: number): void {
    const told = this.#toldIn(step, begin);
    const folded = new Map<string, LinkSum>();
    for (const link of largest) {
      if (isTold(told, link, MOST_LINKS_PER_BUCKET)) this.#addLink(step, begin, link);
      else addTo(folded, this.#folded(told, link));
    }
    for (const link of rest) addTo(folded, this.#folded(told, link));
    for (const link of folded.values()) this.#addLink(step, begin, link);
  }

  /** A link that is told apart no more: one end stays, that of a device if there is one, while there is room for such. */
  #folded(told: Set<string>, link: LinkSum): LinkSum {
    const keepsTarget = this.#places.isDevice(link.target) && !this.#places.isDevice(link.source);
    const half = keepsTarget ? { ...link, source: OTHERS } : { ...link, target: OTHERS };
    return isTold(told, half, MOST_LINKS_PER_BUCKET + MOST_FOLDED_PER_BUCKET) ? half : { ...link, source: OTHERS, target: OTHERS };
  }

  #addLink(step: number, begin: number, { kind, source, target, flows, packets, bytes }: LinkSum): void {
    this.#link.run(step, begin, kind, source, target, flows, packets, bytes);
  }

  #toldIn(step: number, begin: number): Set<string> {
    const known = this.#told.get(step);
    if (known?.begin === begin) return known.links;
    const rows = this.#linksOfBucket.all(step, begin) as unknown as LinkSum[];
    const links = new Set(rows.map(linkKey));
    this.#told.set(step, { begin, links });
    return links;
  }
}

/** Reads what `UsageTable` keeps of a device: the largest of each. */
export class DeviceUsage {
  readonly #peers: StatementSync;
  readonly #protocols: StatementSync;

  constructor(db: DatabaseSync) {
    this.#peers = db.prepare(
      'SELECT ip, peer_mac AS mac, name, country, bytes, flows FROM device_peers WHERE mac = ? ORDER BY bytes DESC, ip LIMIT 100',
    );
    this.#protocols = db.prepare(
      'SELECT protocol, flows, packets, bytes FROM device_protocols WHERE mac = ? ORDER BY bytes DESC, protocol LIMIT 100',
    );
  }

  of(mac: string): Pick<DeviceDetail, 'peers' | 'protocols'> {
    return {
      peers: this.#peers.all(mac).map((row) => ({ ...row }) as unknown as DeviceDetail['peers'][number]),
      protocols: this.#protocols.all(mac).map((row) => ({ ...row }) as unknown as DeviceDetail['protocols'][number]),
    };
  }
}
