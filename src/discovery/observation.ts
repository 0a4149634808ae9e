/** What a frame of a discovery protocol says about a device. Texts are as the wire has them; whoever keeps them bounds and cleans them. */

export const DISCOVERY_PROTOCOLS = [
  'arp',
  'ndp',
  'dhcp',
  'dhcpv6',
  'mdns',
  'llmnr',
  'netbios_ns',
  'netbios_dgm',
  'ssdp',
  'lldp',
  'cdp',
] as const;
export type DiscoveryProtocol = (typeof DISCOVERY_PROTOCOLS)[number];

/** What a name was learned from. `netbios_workgroup` is a name of the group that the device is in, not its own. */
export type NameSource = 'dhcp' | 'mdns' | 'netbios' | 'lldp' | 'cdp' | 'llmnr' | 'ssdp' | 'cast' | 'netbios_workgroup';

export interface NameFact {
  readonly name: string;
  readonly source: NameSource;
}

export interface ServiceFact {
  readonly name: string;
  readonly port: number | null;
  /** `tcp`, `udp`, or null where the protocol does not say. */
  readonly protocol: string | null;
}

/** null = not said in this message. */
export interface DhcpFact {
  readonly vendorClass: string | null;
  /** Codes of the requested options in their order, joined by commas. */
  readonly fingerprint: string | null;
  readonly requestedIp: string | null;
  readonly server: string | null;
}

/** Where a switch says that it is attached to the link on which it was heard. */
export interface PortFact {
  readonly switch: string;
  readonly port: string;
  readonly vlan: number | null;
}

export interface Facts {
  /** Addresses that the device says are its own. */
  readonly addresses?: readonly string[];
  /** Addresses that it gave back. */
  readonly released?: readonly string[];
  readonly names?: readonly NameFact[];
  readonly services?: readonly ServiceFact[];
  readonly dhcp?: DhcpFact;
  readonly model?: string | null;
  readonly os?: string | null;
  readonly port?: PortFact | null;
  /** What it does for others: forwards packets, or frames. */
  readonly forwards?: 'packets' | 'frames' | null;
  /** Addresses of routers that it names to others. */
  readonly routers?: readonly string[];
}

export interface Observation extends Facts {
  readonly protocol: DiscoveryProtocol;
  /** Lower case, colons. */
  readonly mac: string;
  /** Epoch seconds. */
  readonly at: number;
  /** IP address that the message came from, when it came from `mac` itself; null without an IP header. */
  readonly from: string | null;
  /** Sent to a group, or below IP: no router has forwarded it, so that `mac` is who said it. */
  readonly onLink: boolean;
}

/** What one frame says; `malformed` when not everything in it could be read. */
export interface Reading {
  readonly observations: readonly Observation[];
  readonly malformed: boolean;
}

export const UNREADABLE: Reading = { observations: [], malformed: true };
export const NOTHING_SAID: Reading = { observations: [], malformed: false };
