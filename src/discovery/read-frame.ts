/** From a frame to what it says about devices. */
import type { TapFrame } from '../packet/tap-record.ts';
import { readArp } from './arp.ts';
import { readCdp } from './cdp.ts';
import { readDhcp } from './dhcp.ts';
import { readDhcpv6 } from './dhcpv6.ts';
import { type LinkPacket, linkPacketOf } from './link-packet.ts';
import { readLldp } from './lldp.ts';
import { readLlmnr } from './llmnr.ts';
import { readMdns } from './mdns.ts';
import { readNdp } from './ndp.ts';
import { readNetbiosDgm } from './netbios-dgm.ts';
import { readNetbiosNs } from './netbios-ns.ts';
import type { DiscoveryProtocol, Reading } from './observation.ts';
import { readSsdp } from './ssdp.ts';

const readers: Readonly<Record<DiscoveryProtocol, (packet: LinkPacket) => Reading>> = {
  arp: readArp,
  ndp: readNdp,
  dhcp: readDhcp,
  dhcpv6: readDhcpv6,
  mdns: readMdns,
  llmnr: readLlmnr,
  netbios_ns: readNetbiosNs,
  netbios_dgm: readNetbiosDgm,
  ssdp: readSsdp,
  lldp: readLldp,
  cdp: readCdp,
};

export interface FrameReading extends Reading {
  /** VLAN ids of the frame, outermost first. */
  readonly vlans: readonly number[];
}

/** `protocol` is what `recogniseDiscovery` says. null: no station of this link sent the frame. Never throws, whatever the bytes are. */
export function readFrame(frame: TapFrame, protocol: DiscoveryProtocol): FrameReading | null {
  const packet = linkPacketOf(frame, protocol);
  return packet === null ? null : { vlans: packet.vlans, ...readers[protocol](packet) };
}
