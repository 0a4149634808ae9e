/**
 * The devices of the links that the sensor listens to, by their link address: from what they say in discovery protocols
 * and from their flows. It never asks anybody anything.
 *
 * Who has an address: a lease, ARP or neighbour discovery decides it; a device's word in another protocol, or traffic from
 * an internal address, only where nobody else has it. A device behind which other addresses speak is a router: what
 * traffic said about its addresses is forgotten, and names and systems seen in flows are only believed about addresses
 * that it claimed.
 */
import type { DeviceDetail } from '../api/contract.ts';
import { DEFAULT_INTERNAL_NETWORKS } from '../config/options.ts';
import { addressOf, Networks } from '../detect/networks.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { TapFrame } from '../packet/tap-record.ts';
import { isBinding } from './address-book.ts';
import { isLinkLocal, isOwnable, placeKey } from './address-text.ts';
import { DeviceState } from './device-state.ts';
import { DeviceTable } from './device-table.ts';
import { type FlowEnd, flowEnds, isFirstRecord, offeredService } from './flow-end.ts';
import { isStation } from './mac.ts';
import { DISCOVERY_PROTOCOLS, type DiscoveryProtocol, type Observation } from './observation.ts';
import { osOfSshBanner } from './os-hints.ts';
import { readFrame } from './read-frame.ts';
import { recogniseDiscovery } from './recognise.ts';
import { agentFacts } from './user-agent.ts';

export interface InventoryOptions {
  /** Devices that are kept. */
  maxDevices?: number;
  /** Networks in CIDR notation whose addresses are those of devices here. */
  internalNetworks?: readonly string[];
  /** Vendor of a link address; null when there is none. Asked once per device. */
  vendor?: (mac: string) => string | null;
  /** Country of an address; null when unknown. Asked when a device is shown. */
  country?: (ip: string) => string | null;
  /** Whether each device's peers and protocols are kept, which is most of what it takes; true by default. */
  peers?: boolean;
}

export interface InventoryCounters {
  /** Messages of which not everything could be read. */
  malformed: Record<DiscoveryProtocol, number>;
  /** Frames that were not read, because too many of their protocol came in one second. */
  skipped: number;
  /** Devices that went for others, and ones that were not taken in, because of `maxDevices`. */
  evicted: number;
  refused: number;
}

export interface DeviceChange {
  device: DeviceDetail;
  /** Told for the first time: new, or back after it had been evicted. */
  isNew: boolean;
}

const MAX_DEVICES = 10_000;
/** Frames of one protocol that are read in a second of packet time: a message takes up to 0.1 ms. */
const MOST_FRAMES = 2000;
/** A device that changed takes some 20 µs to write out: so many are told per tick, the others in the next ones. */
const MOST_CHANGES = 2000;
/** Addresses beyond our networks, or internal ones of others, behind one link address that make it a router. */
const MOST_BEHIND = 4;
/** Internal addresses that only traffic of the last hour gives to a device; with more it is a router. */
const MOST_FLOW_ADDRESSES = 16;
/** An address that nothing binds to a device may pass to another after it was silent for so long. */
const STALE_SECS = 3600;
const MOST_ROUTER_ADDRESSES = 1024;
const LEAST_OS_CONFIDENCE = 0.5;

export class Inventory {
  readonly #table: DeviceTable;
  readonly #internal: Networks;
  readonly #vendor: (mac: string) => string | null;
  readonly #country: (ip: string) => string | null;
  readonly #keepsPeers: boolean;
  readonly #malformed = Object.fromEntries(DISCOVERY_PROTOCOLS.map((name) => [name, 0])) as Record<DiscoveryProtocol, number>;
  /** Frames that were read in the second that is `#second`. */
  readonly #read = new Map<DiscoveryProtocol, number>();
  #second = 0;
  #skipped = 0;
  /** Who has an address now; not of link-local ones. At most as many as devices have current addresses. */
  readonly #owners = new Map<string, DeviceState>();
  /** Addresses that were named as routers before anybody claimed them. */
  readonly #routers = new Set<string>();
  /** Changed since the last `takeChanges`; true = new. */
  readonly #changed = new Map<string, boolean>();
  /** Devices that have been reported as changed, or restored. */
  readonly #announced = new WeakSet<DeviceState>();

  /** @throws SensorError CONFIG when `internalNetworks` holds what is no network */
  constructor(options: InventoryOptions = {}) {
    this.#table = new DeviceTable(options.maxDevices ?? MAX_DEVICES);
    this.#internal = Networks.parse(options.internalNetworks ?? DEFAULT_INTERNAL_NETWORKS);
    this.#vendor = options.vendor ?? (() => null);
    this.#country = options.country ?? (() => null);
    this.#keepsPeers = options.peers ?? true;
  }

  get size(): number {
    return this.#table.size;
  }

  get counters(): InventoryCounters {
    return { malformed: { ...this.#malformed }, skipped: this.#skipped, evicted: this.#table.evicted, refused: this.#table.refused };
  }

  /** Any frame; those of no discovery protocol cost a look at a few bytes. Keeps nothing of the frame's memory. */
  observeFrame(frame: TapFrame): void {
    const protocol = recogniseDiscovery(frame.frame, frame.linkType);
    if (protocol === null || !this.#mayRead(protocol, frame.sec)) return;
    const reading = readFrame(frame, protocol);
    if (reading === null) return;
    if (reading.malformed) this.#malformed[protocol]++;
    for (const observation of reading.observations) this.#observe(observation, reading.vlans);
  }

  /** Every record of a flow, interim and final: what it adds to the one before counts. */
  observeFlow(record: FlowRecord): void {
    // What a tunnel carries is counted as the flows inside.
    if (record.tunnel?.role === 'outer') return;
    for (const end of flowEnds(record)) this.#observeEnd(record, end);
  }

  /** Once per tick: at most `most` of the devices that changed, those that wait longest. At the end: `takeChanges(Infinity)`. */
  takeChanges(most = MOST_CHANGES): DeviceChange[] {
    const changes: DeviceChange[] = [];
    for (const [mac, isNew] of this.#changed) {
      if (changes.length >= most) break;
      this.#changed.delete(mac);
      const state = this.#table.get(mac);
      if (state !== undefined) changes.push({ device: this.#detail(state), isNew });
    }
    return changes;
  }

  /** `mac` in lower case with colons; null when it is not there. */
  device(mac: string): DeviceDetail | null {
    const state = this.#table.get(mac);
    return state === undefined ? null : this.#detail(state);
  }

  devices(): DeviceDetail[] {
    return Array.from(this.#table.values(), (state) => this.#detail(state));
  }

  /** Goes on from what an earlier run knew; before anything is observed. The most recently seen are kept. */
  restore(devices: readonly DeviceDetail[]): void {
    for (const detail of devices.toSorted((a, b) => a.last_seen - b.last_seen)) {
      if (!isStation(detail.mac)) continue;
      const state = DeviceState.restore(detail);
      state.vendor = this.#vendor(detail.mac) ?? detail.vendor;
      if (this.#admit(state, state.isKnown) === null) continue;
      this.#announced.add(state);
      for (const ip of detail.ips) if (!isLinkLocal(ip)) this.#owners.set(ip, state);
    }
  }

  #mayRead(protocol: DiscoveryProtocol, second: number): boolean {
    if (second !== this.#second) {
      this.#second = second;
      this.#read.clear();
    }
    const count = this.#read.get(protocol) ?? 0;
    this.#read.set(protocol, count + 1);
    if (count < MOST_FRAMES) return true;
    this.#skipped++;
    return false;
  }

  #observe(observation: Observation, vlans: readonly number[]): void {
    const { mac, at, from, onLink } = observation;
    if (!isStation(mac)) return;
    const state = this.#stateOf(mac, at, true);
    if (state === null) return;
    state.seen(at, vlans);
    // What a router forwards is said by somebody behind it.
    if (onLink || !state.isRouter || (from !== null && state.addresses.isClaimed(from))) {
      state.observe(observation);
      this.#learnAddresses(state, observation);
    }
    for (const ip of observation.routers ?? []) this.#nameRouter(ip);
    this.#changedNow(state);
  }

  #learnAddresses(state: DeviceState, { protocol, at, addresses = [], released = [], from, onLink, dhcp }: Observation): void {
    for (const ip of released) {
      if (this.#owners.get(ip) === state) this.#owners.delete(ip);
      state.addresses.lose(ip);
    }
    for (const ip of addresses) {
      if (!isOwnable(ip)) continue;
      // A binding address of the link belongs to who has it, wherever it is from.
      if (!isBinding(protocol) && !this.#isFree(ip, state, at)) continue;
      this.#give(ip, state, at, protocol);
      if (protocol === 'dhcp' && dhcp !== undefined && !isLinkLocal(ip)) this.#forget(state.addresses.replaceLease(ip), state);
    }
    if (from !== null && onLink && !isBinding(protocol) && this.#isInternal(from) && this.#isFree(from, state, at)) {
      this.#give(from, state, at, protocol);
    }
  }

  #observeEnd(record: FlowRecord, end: FlowEnd): void {
    const state = this.#table.get(end.mac) ?? (end.hasSent ? this.#stateOf(end.mac, record.first_seen, false) : null);
    if (state === null) return;
    const { last_seen: at } = record;
    if (end.packetsOut > 0) state.seen(at, record.vlan);
    const isFirst = isFirstRecord(record);
    const bytes = end.bytesIn + end.bytesOut;
    const packets = end.packetsIn + end.packetsOut;
    state.bytesIn += end.bytesIn;
    state.bytesOut += end.bytesOut;
    state.packetsIn += end.packetsIn;
    state.packetsOut += end.packetsOut;
    state.flows += isFirst ? 1 : 0;
    if (this.#keepsPeers) {
      const name = end.isClient ? record.host : null;
      const protocol = record.app?.protocol ?? record.protocol;
      state.talk({ ip: end.peer, name, protocol, flows: isFirst ? 1 : 0, packets, bytes });
    }
    if (record.tunnel === null && end.hasSent && this.#isAt(state, end.ip, at)) this.#learnFromFlow(state, record, end);
    this.#changedNow(state);
  }

  /** Whether what the flow says is about this device and not about one behind it; learns which it is. */
  #isAt(state: DeviceState, ip: string, at: number): boolean {
    if (!isOwnable(ip)) return false;
    if (state.addresses.has(ip)) {
      state.addresses.claim(ip, at, 'flow');
      return true;
    }
    if (state.isRouter) return false;
    if (this.#isInternal(ip) && this.#isFree(ip, state, at)) {
      this.#give(ip, state, at, 'flow');
      if (state.addresses.flowPlaces(at - STALE_SECS) <= MOST_FLOW_ADDRESSES) return true;
    } else if (state.seeBehind(placeKey(ip)) < MOST_BEHIND) return false;
    this.#becomeRouter(state);
    return false;
  }

  #learnFromFlow(state: DeviceState, record: FlowRecord, end: FlowEnd): void {
    const { os } = end;
    if (os !== null && os.confidence >= LEAST_OS_CONFIDENCE) state.os.offer(os.label, 'syn');
    const banner = end.isClient ? record.ssh?.client : record.ssh?.server;
    if (banner) state.os.offer(osOfSshBanner(banner), 'ssh');
    const service = offeredService(record, end);
    if (service !== null) state.offerService({ ...service, source: 'flow' });
    const agent = end.isClient ? (record.http?.user_agent ?? record.quic?.user_agent) : null;
    if (!agent || !state.addAgent(agent)) return;
    const { os: system, model } = agentFacts(agent);
    state.os.offer(system, 'user_agent');
    state.model.offer(model, 'user_agent');
  }

  #becomeRouter(state: DeviceState): void {
    state.becomeRouter();
    this.#forget(state.addresses.forgetFlows(), state);
  }

  #nameRouter(ip: string): void {
    const owner = this.#owners.get(ip);
    if (owner !== undefined) {
      if (owner.isRouter) return;
      this.#becomeRouter(owner);
      this.#changedNow(owner);
    } else if (this.#routers.size < MOST_ROUTER_ADDRESSES) this.#routers.add(ip);
  }

  /** True when the device may have the address by its own word or its traffic. */
  #isFree(ip: string, state: DeviceState, at: number): boolean {
    const owner = this.#owners.get(ip);
    if (owner === undefined || owner === state) return true;
    return !owner.addresses.isBound(ip) && owner.addresses.lastSeen(ip) < at - STALE_SECS;
  }

  #give(ip: string, state: DeviceState, at: number, source: string): void {
    if (!isLinkLocal(ip)) {
      const owner = this.#owners.get(ip);
      if (owner !== undefined && owner !== state) {
        owner.addresses.lose(ip);
        this.#changedNow(owner);
      }
      this.#owners.set(ip, state);
      if (isBinding(source) && this.#routers.delete(ip)) this.#becomeRouter(state);
    }
    this.#forget(state.addresses.claim(ip, at, source), state);
  }

  #forget(ips: readonly string[], state: DeviceState): void {
    for (const ip of ips) if (this.#owners.get(ip) === state) this.#owners.delete(ip);
  }

  #isInternal(ip: string): boolean {
    const address = addressOf(ip);
    return address !== null && isOwnable(ip) && this.#internal.contains(address);
  }

  #stateOf(mac: string, at: number, isKnown: boolean): DeviceState | null {
    return this.#table.get(mac) ?? this.#admit(new DeviceState(mac, at, this.#vendor(mac)), isKnown);
  }

  #admit(state: DeviceState, isKnown: boolean): DeviceState | null {
    const evicted = this.#table.makeRoom(isKnown);
    if (evicted === null) return null;
    if (evicted !== undefined) {
      this.#forget(evicted.addresses.held(), evicted);
      this.#changed.delete(evicted.mac);
    }
    this.#table.touch(state);
    return state;
  }

  #changedNow(state: DeviceState): void {
    this.#table.touch(state);
    if (!this.#changed.has(state.mac)) this.#changed.set(state.mac, !this.#announced.has(state));
    this.#announced.add(state);
  }

  #detail(state: DeviceState): DeviceDetail {
    const peers = state.peers().map((peer) => ({
      ip: peer.ip,
      mac: this.#owners.get(peer.ip)?.mac ?? null,
      name: peer.name ?? this.#owners.get(peer.ip)?.names.best()?.name ?? null,
      country: this.#country(peer.ip),
      bytes: peer.bytes,
      flows: peer.flows,
    }));
    return state.detail(peers);
  }
}
