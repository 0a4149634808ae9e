/**
 * The addresses of one device, with their history.
 *
 *   claimed ──▶ current ──▶ lost: another device claims it, it is given back, 16 newer ones are there,
 *                  ▲        │      or it was silent for a day while the device was seen
 *                  └────────┘ claimed again
 */
import type { DeviceDetail } from '../api/contract.ts';
import { placeKey } from './address-text.ts';

type DeviceAddress = DeviceDetail['addresses'][number];

const MOST_CURRENT = 16;
const MOST_KNOWN = 64;
/** An IPv6 address made for privacy is preferred for a day (RFC 8981 section 3.8). */
const CURRENT_SECS = 86_400;

interface Entry extends DeviceAddress {
  isCurrent: boolean;
}

/** How much a source proves: a lease, the link's own resolution, the device's word in another protocol, mere traffic. */
function strengthOf(source: string): number {
  if (source === 'dhcp' || source === 'dhcpv6') return 3;
  if (source === 'arp' || source === 'ndp') return 2;
  return source === 'flow' ? 0 : 1;
}

/** True for sources that give an address to a device even when another has it. */
export function isBinding(source: string): boolean {
  return strengthOf(source) >= 2;
}

export class AddressBook {
  /** The least recently seen first. */
  readonly #entries = new Map<string, Entry>();

  has(ip: string): boolean {
    return this.#entries.get(ip)?.isCurrent === true;
  }

  /** True when the device has it for certain: by a lease, or by the link's own resolution. */
  isBound(ip: string): boolean {
    const entry = this.#entries.get(ip);
    return entry?.isCurrent === true && isBinding(entry.source);
  }

  /** True when more than traffic says that the address is the device's. */
  isClaimed(ip: string): boolean {
    const entry = this.#entries.get(ip);
    return entry?.isCurrent === true && strengthOf(entry.source) > 0;
  }

  lastSeen(ip: string): number {
    return this.#entries.get(ip)?.last_seen ?? Number.NEGATIVE_INFINITY;
  }

  /** True when more than traffic has ever said something of its addresses. */
  get hasClaims(): boolean {
    for (const { source } of this.#entries.values()) if (strengthOf(source) > 0) return true;
    return false;
  }

  /** Addresses, networks of IPv6, that only traffic spoke for since then. */
  flowPlaces(since: number): number {
    const places = new Set<string>();
    for (const { ip, source, last_seen } of this.#entries.values()) if (source === 'flow' && last_seen >= since) places.add(placeKey(ip));
    return places.size;
  }

  /** Notes that the device has the address; returns the addresses that it lost by that. */
  claim(ip: string, at: number, source: string): string[] {
    const known = this.#entries.get(ip);
    const isStronger = known !== undefined && strengthOf(source) > strengthOf(known.source);
    const entry: Entry = {
      ip,
      first_seen: Math.min(known?.first_seen ?? at, at),
      last_seen: Math.max(known?.last_seen ?? at, at),
      source: known === undefined || isStronger ? source : known.source,
      isCurrent: true,
    };
    this.#entries.delete(ip);
    this.#entries.set(ip, entry);
    return known?.isCurrent === true ? [] : this.#makeRoom();
  }

  /** A lease replaces the one before: its address is lost, and returned. */
  replaceLease(ip: string): string[] {
    const lost: string[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.ip === ip || entry.source !== 'dhcp' || !entry.isCurrent) continue;
      entry.isCurrent = false;
      lost.push(entry.ip);
    }
    return lost;
  }

  lose(ip: string): void {
    const entry = this.#entries.get(ip);
    if (entry !== undefined) entry.isCurrent = false;
  }

  /** Forgets what only traffic spoke for; returns it. */
  forgetFlows(): string[] {
    const forgotten: string[] = [];
    for (const { ip, source } of this.#entries.values()) if (source === 'flow') forgotten.push(ip);
    for (const ip of forgotten) this.#entries.delete(ip);
    return forgotten;
  }

  /** Every address that it has not lost. */
  held(): string[] {
    return [...this.#entries.values()].filter(({ isCurrent }) => isCurrent).map(({ ip }) => ip);
  }

  /** Addresses that the device has, the newest first. */
  current(lastSeen: number): string[] {
    const entries = [...this.#entries.values()].filter((entry) => entry.isCurrent && entry.last_seen >= lastSeen - CURRENT_SECS);
    return entries.sort((a, b) => b.first_seen - a.first_seen || (a.ip < b.ip ? -1 : 1)).map(({ ip }) => ip);
  }

  /** The most recently seen first. */
  history(): DeviceAddress[] {
    return [...this.#entries.values()].toReversed().map(({ ip, first_seen, last_seen, source }) => ({ ip, first_seen, last_seen, source }));
  }

  restore(history: readonly DeviceAddress[], current: readonly string[]): void {
    for (const address of history.slice(0, MOST_KNOWN).toReversed()) {
      this.#entries.set(address.ip, { ...address, isCurrent: current.includes(address.ip) });
    }
  }

  #makeRoom(): string[] {
    const lost: string[] = [];
    const current = [...this.#entries.values()].filter(({ isCurrent }) => isCurrent);
    for (const entry of current.slice(0, Math.max(0, current.length - MOST_CURRENT))) {
      entry.isCurrent = false;
      lost.push(entry.ip);
    }
    for (const ip of this.#entries.keys()) {
      if (this.#entries.size <= MOST_KNOWN) break;
      this.#entries.delete(ip);
    }
    return lost;
  }
}
