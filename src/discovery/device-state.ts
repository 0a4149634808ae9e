/** What is known about one device, as it grows. Everything in it is bounded by its books and the limits here. */
import type { DeviceDetail } from '../api/contract.ts';
import { AddressBook } from './address-book.ts';
import { cleanText } from './clean-text.ts';
import { isLocallyAdministered, isVirtualRouter } from './mac.ts';
import { NameBook } from './name-book.ts';
import type { DhcpFact, Observation, PortFact } from './observation.ts';
import { type Peer, PeerBook, type Talk } from './peer-book.ts';
import { ServiceBook } from './service-book.ts';

const MOST_VLANS = 16;
const MOST_AGENTS = 8;
const NAME_LIMIT = 255;
const SHORT_LIMIT = 64;
const TEXT_LIMIT = 128;

/** What says which system a device runs or which model it is, the surest first. */
const OS_SOURCES = ['lldp', 'cdp', 'user_agent', 'ssh', 'mdns', 'dhcp', 'dhcpv6', 'ssdp', 'syn', 'netbios_dgm'];
const MODEL_SOURCES = ['lldp', 'cdp', 'mdns', 'user_agent', 'ssdp'];

/** A text that a surer source replaces, and an equal one renews. */
class RankedText {
  text: string | null = null;
  #rank = Number.POSITIVE_INFINITY;
  readonly #sources: readonly string[];

  constructor(sources: readonly string[]) {
    this.#sources = sources;
  }

  offer(text: string | null | undefined, source: string): void {
    const clean = cleanText(text ?? '', TEXT_LIMIT);
    const at = this.#sources.indexOf(source);
    const rank = at < 0 ? this.#sources.length : at;
    if (clean === '' || rank > this.#rank) return;
    this.text = clean;
    this.#rank = rank;
  }
}

type Service = DeviceDetail['services'][number];

export class DeviceState {
  readonly mac: string;
  readonly addresses = new AddressBook();
  readonly names = new NameBook();
  readonly services = new ServiceBook();
  readonly os = new RankedText(OS_SOURCES);
  readonly model = new RankedText(MODEL_SOURCES);
  vendor: string | null;
  isRouter: boolean;
  isSwitch = false;
  firstSeen: number;
  lastSeen: number;
  bytesIn = 0;
  bytesOut = 0;
  packetsIn = 0;
  packetsOut = 0;
  flows = 0;
  #isKnown = false;
  #dhcp: DeviceDetail['dhcp'] = null;
  #switchPort: DeviceDetail['switch_port'] = null;
  /** Null until there is something in it, here and below: there may be thousands of devices of which little is known. */
  #peers: PeerBook | null = null;
  /** Addresses of others that were seen behind it, until there are enough of them to call it a router. */
  #behind: Set<string> | null = null;
  #vlans: Set<number> | null = null;
  /** The least recently seen first. */
  #agents: Set<string> | null = null;

  constructor(mac: string, at: number, vendor: string | null) {
    this.mac = mac;
    this.vendor = vendor;
    this.firstSeen = at;
    this.lastSeen = at;
    this.isRouter = isVirtualRouter(mac);
  }

  /** True when something besides traffic is known about it. */
  get isKnown(): boolean {
    this.#isKnown ||= this.names.size > 0 || this.#switchPort !== null || this.#dhcp !== null || this.addresses.hasClaims;
    return this.#isKnown;
  }

  seen(at: number, vlans: readonly number[]): void {
    this.firstSeen = Math.min(this.firstSeen, at);
    this.lastSeen = Math.max(this.lastSeen, at);
    for (const vlan of vlans) {
      this.#vlans ??= new Set();
      if (this.#vlans.size < MOST_VLANS) this.#vlans.add(vlan);
    }
  }

  /** Everything but addresses and routers, which concern other devices too. */
  observe(observation: Observation): void {
    const { protocol, at, names = [], services = [], dhcp, port, forwards } = observation;
    for (const { name, source } of names) {
      const clean = cleanText(name, NAME_LIMIT);
      if (clean !== '') this.names.add(clean, source, at);
    }
    for (const service of services) this.offerService({ ...service, source: sourceName(protocol) });
    this.os.offer(observation.os, protocol);
    this.model.offer(observation.model, protocol);
    if (dhcp !== undefined) this.#learnLease(dhcp);
    if (port) this.#learnPort(port, protocol);
    if (forwards === 'packets') this.isRouter = true;
    if (forwards === 'frames') this.isSwitch = true;
  }

  talk(talk: Talk): void {
    this.#peers ??= new PeerBook();
    this.#peers.add(talk);
  }

  /** With whom it talks, most bytes first. */
  peers(): Peer[] {
    return this.#peers?.peers() ?? [];
  }

  /** Somebody else's address was seen behind it; of how many places such were seen so far. */
  seeBehind(place: string): number {
    this.#behind ??= new Set();
    this.#behind.add(place);
    return this.#behind.size;
  }

  becomeRouter(): void {
    this.isRouter = true;
    this.#behind = null;
  }

  offerService(service: Service): void {
    const name = cleanText(service.name, SHORT_LIMIT);
    if (name !== '') this.services.add({ ...service, name });
  }

  /** True when it is new. */
  addAgent(text: string): boolean {
    const agent = cleanText(text, NAME_LIMIT);
    if (agent === '') return false;
    this.#agents ??= new Set();
    const isNew = !this.#agents.delete(agent);
    this.#agents.add(agent);
    const oldest = this.#agents.values().next();
    if (this.#agents.size > MOST_AGENTS && oldest.done !== true) this.#agents.delete(oldest.value);
    return isNew;
  }

  detail(peers: DeviceDetail['peers']): DeviceDetail {
    const name = this.names.best();
    return {
      mac: this.mac,
      ips: this.addresses.current(this.lastSeen),
      hostname: name?.name ?? null,
      hostname_source: name?.source ?? null,
      vendor: this.vendor,
      local_address: isLocallyAdministered(this.mac),
      os: this.os.text,
      model: this.model.text,
      kind: this.isRouter ? 'router' : this.isSwitch ? 'switch' : 'device',
      first_seen: this.firstSeen,
      last_seen: this.lastSeen,
      bytes_in: this.bytesIn,
      bytes_out: this.bytesOut,
      packets_in: this.packetsIn,
      packets_out: this.packetsOut,
      flows: this.flows,
      addresses: this.addresses.history(),
      names: this.names.list(),
      services: this.services.list(),
      dhcp: this.#dhcp === null ? null : { ...this.#dhcp },
      switch_port: this.#switchPort === null ? null : { ...this.#switchPort },
      vlans: [...(this.#vlans ?? [])].sort((a, b) => a - b),
      user_agents: [...(this.#agents ?? [])].toReversed(),
      peers,
      protocols: this.#peers?.protocols() ?? [],
    };
  }

  /** A device as it was when the sensor stopped. */
  static restore(detail: DeviceDetail): DeviceState {
    const state = new DeviceState(detail.mac, detail.first_seen, detail.vendor);
    state.lastSeen = detail.last_seen;
    state.addresses.restore(detail.addresses, detail.ips);
    for (const { name, source, last_seen } of detail.names.toReversed()) state.names.add(name, source, last_seen);
    for (const service of detail.services) state.services.add(service);
    if (detail.peers.length + detail.protocols.length > 0) {
      state.#peers = new PeerBook();
      state.#peers.restore(detail.peers, detail.protocols);
    }
    // What it was learned from is not kept: whatever is heard again replaces it.
    state.os.offer(detail.os, '');
    state.model.offer(detail.model, '');
    state.isRouter ||= detail.kind === 'router';
    state.isSwitch = detail.kind === 'switch';
    state.bytesIn = detail.bytes_in;
    state.bytesOut = detail.bytes_out;
    state.packetsIn = detail.packets_in;
    state.packetsOut = detail.packets_out;
    state.flows = detail.flows;
    state.#dhcp = detail.dhcp;
    state.#switchPort = detail.switch_port;
    state.seen(detail.last_seen, detail.vlans);
    for (const agent of detail.user_agents.toReversed()) state.addAgent(agent);
    return state;
  }

  /** A switch that speaks both says the same in both: LLDP's stays. */
  #learnPort(port: PortFact, protocol: string): void {
    const [name, id] = [cleanText(port.switch, NAME_LIMIT), cleanText(port.port, NAME_LIMIT)];
    if (name === '' || id === '' || (protocol === 'cdp' && this.#switchPort?.protocol === 'lldp')) return;
    this.#switchPort = { switch: name, port: id, vlan: port.vlan, protocol };
  }

  /** A message says some of it; what it leaves out stays. */
  #learnLease({ vendorClass, fingerprint, requestedIp, server }: DhcpFact): void {
    const known = this.#dhcp;
    const text = (next: string | null, before: string | null | undefined) => cleanText(next ?? '', NAME_LIMIT) || (before ?? null);
    this.#dhcp = {
      vendor_class: text(vendorClass, known?.vendor_class),
      fingerprint: text(fingerprint, known?.fingerprint),
      requested_ip: text(requestedIp, known?.requested_ip),
      server: text(server, known?.server),
    };
  }
}

/** Both parts of NetBIOS are one source. */
function sourceName(protocol: string): string {
  return protocol.startsWith('netbios') ? 'netbios' : protocol;
}
