/**
 * Which ends of flows are devices: what comes from a router's MAC is not the router's, but of whoever is behind it. Kept
 * in memory beside the table `devices`; read from it again when a transaction that changed it was rolled back.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeviceDetail } from '../api/contract.ts';
import { isGroupMac } from './address-key.ts';

type Known = Pick<DeviceDetail, 'mac' | 'kind' | 'ips'>;

export class Places {
  readonly #read: StatementSync;
  /** Addresses of its own by the MAC of a router; null for other devices. */
  #known = new Map<string, ReadonlySet<string> | null>();

  constructor(db: DatabaseSync) {
    this.#read = db.prepare('SELECT mac, kind, ips FROM devices');
    this.reload();
  }

  reload(): void {
    this.#known = new Map();
    for (const row of this.#read.all()) {
      this.#learn({ mac: String(row.mac), kind: row.kind as Known['kind'], ips: String(row.ips).split(' ') });
    }
  }

  learn(devices: readonly Known[]): void {
    for (const device of devices) this.#learn(device);
  }

  forget(macs: readonly string[]): void {
    for (const mac of macs) this.#known.delete(mac);
  }

  isDevice(mac: string): boolean {
    return this.#known.has(mac);
  }

  /** The MAC of the device that has this end, or its address. */
  of(mac: string | null, ip: string): string {
    if (mac === null || isGroupMac(mac)) return ip;
    const own = this.#known.get(mac);
    if (own === undefined) return ip;
    return own === null || own.has(ip) ? mac : ip;
  }

  #learn({ mac, kind, ips }: Known): void {
    this.#known.set(mac, kind === 'router' ? new Set(ips) : null);
  }
}
