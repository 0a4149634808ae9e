/** The inventory as it was last written: one row per device, and one per address that it ever had. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeviceDetail } from '../api/contract.ts';

type Address = DeviceDetail['addresses'][number];

/** A device that floods itself with addresses keeps the latest of them. */
const MOST_ADDRESSES = 256;

export const DEVICE_SCHEMA = `
CREATE TABLE devices (
  mac TEXT PRIMARY KEY,
  hostname TEXT,
  vendor TEXT,
  os TEXT,
  model TEXT,
  kind TEXT NOT NULL,
  ips TEXT NOT NULL,
  first_seen REAL NOT NULL,
  last_seen REAL NOT NULL,
  bytes_in INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  search TEXT NOT NULL,
  detail TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX devices_last_seen ON devices (last_seen);
CREATE TABLE device_addresses (
  mac TEXT NOT NULL REFERENCES devices (mac) ON DELETE CASCADE,
  ip TEXT NOT NULL,
  first_seen REAL NOT NULL,
  last_seen REAL NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (mac, ip)
) WITHOUT ROWID;
`;

/** What the text of a search is looked for in, lower case. */
function searchText(device: DeviceDetail): string {
  const names = device.names.map(({ name }) => name);
  const parts = [device.mac, ...device.ips, device.hostname, ...names, device.vendor, device.os, device.model];
  return parts
    .filter((part) => part !== null)
    .join('\n')
    .toLowerCase();
}

export class DeviceTable {
  readonly #upsert: StatementSync;
  readonly #address: StatementSync;
  readonly #addressCount: StatementSync;
  readonly #trimAddresses: StatementSync;
  readonly #removeUntil: StatementSync;
  readonly #removeBeyond: StatementSync;

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`
      INSERT INTO devices (mac, hostname, vendor, os, model, kind, ips, first_seen, last_seen, bytes_in, bytes_out, flows, search, detail)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (mac) DO UPDATE SET hostname = excluded.hostname, vendor = excluded.vendor, os = excluded.os,
        model = excluded.model, kind = excluded.kind, ips = excluded.ips, first_seen = excluded.first_seen,
        last_seen = excluded.last_seen, bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out, flows = excluded.flows,
        search = excluded.search, detail = excluded.detail`);
    this.#address = db.prepare(`
      INSERT INTO device_addresses (mac, ip, first_seen, last_seen, source) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (mac, ip) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen), source = excluded.source`);
    this.#addressCount = db.prepare('SELECT count(*) AS count FROM device_addresses WHERE mac = ?');
    this.#trimAddresses = db.prepare(`
      DELETE FROM device_addresses WHERE mac = ?1
        AND ip IN (SELECT ip FROM device_addresses WHERE mac = ?1 ORDER BY last_seen DESC, ip LIMIT -1 OFFSET ${MOST_ADDRESSES})`);
    this.#removeUntil = db.prepare(
      'DELETE FROM devices WHERE mac IN (SELECT mac FROM devices WHERE last_seen < ? ORDER BY last_seen LIMIT ?) RETURNING mac',
    );
    this.#removeBeyond = db.prepare(
      'DELETE FROM devices WHERE mac IN (SELECT mac FROM devices ORDER BY last_seen DESC LIMIT ?2 OFFSET ?1) RETURNING mac',
    );
  }

  write(devices: readonly DeviceDetail[]): void {
    for (const device of devices) this.#write(device);
  }

  /** Removes devices last seen before a time, at most so many; returns which. */
  removeUntil(time: number, most: number): string[] {
    return this.#removeUntil.all(time, most).map((row) => String(row.mac));
  }

  /** Keeps the `kept` that were seen last, removing at most so many; returns which. */
  removeBeyond(kept: number, most: number): string[] {
    return this.#removeBeyond.all(kept, most).map((row) => String(row.mac));
  }

  #write(device: DeviceDetail): void {
    const { addresses, peers: _peers, protocols: _protocols, ...detail } = device;
    const { mac, hostname, vendor, os, model, kind, ips, first_seen, last_seen, bytes_in, bytes_out, flows } = device;
    const row = [mac, hostname, vendor, os, model, kind, ips.join(' '), first_seen, last_seen, bytes_in, bytes_out, flows];
    this.#upsert.run(...row, searchText(device), JSON.stringify(detail));
    for (const { ip, first_seen: first, last_seen: last, source } of addresses) this.#address.run(mac, ip, first, last, source);
    const { count } = this.#addressCount.get(mac) as { count: number };
    if (count > MOST_ADDRESSES) this.#trimAddresses.run(mac);
  }
}

/** A device as it was stored, with the addresses of the other table; its peers and protocols are not looked up. */
export class DeviceRows {
  readonly #all: StatementSync;
  readonly #one: StatementSync;
  readonly #addresses: StatementSync;

  constructor(db: DatabaseSync) {
    this.#all = db.prepare('SELECT detail FROM devices ORDER BY mac');
    this.#one = db.prepare('SELECT detail FROM devices WHERE mac = ?');
    this.#addresses = db.prepare(
      'SELECT ip, first_seen, last_seen, source FROM device_addresses WHERE mac = ? ORDER BY last_seen DESC, ip',
    );
  }

  one(mac: string): DeviceDetail | null {
    const row = this.#one.get(mac);
    return row === undefined ? null : this.#device(String(row.detail));
  }

  all(): DeviceDetail[] {
    return this.#all.all().map((row) => this.#device(String(row.detail)));
  }

  #device(detail: string): DeviceDetail {
    const device = JSON.parse(detail) as Omit<DeviceDetail, 'addresses' | 'peers' | 'protocols'>;
    const addresses = this.#addresses.all(device.mac).map((row) => ({ ...row }) as unknown as Address);
    return { ...device, addresses, peers: [], protocols: [] };
  }
}
