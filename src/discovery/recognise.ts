/**
 * Which discovery protocol a frame is of, from a few bytes at fixed places: asked of every frame, so it makes nothing.
 * Ethernet and Linux cooked captures; tunnels and PPPoE are not looked into, because what is in them is on no link of ours.
 */
import type { DiscoveryProtocol } from './observation.ts';

const ETHERNET = 1;
const SLL = 113;
const SLL2 = 276;
/** VLAN tags that are passed over. */
const MOST_TAGS = 4;
const UDP = 17;
const ICMPV6 = 58;
const MAX_LENGTH_FIELD = 1500;

const ports = new Map<number, DiscoveryProtocol>([
  [67, 'dhcp'],
  [68, 'dhcp'],
  [137, 'netbios_ns'],
  [138, 'netbios_dgm'],
  [546, 'dhcpv6'],
  [547, 'dhcpv6'],
  [1900, 'ssdp'],
  [5353, 'mdns'],
  [5355, 'llmnr'],
]);

const u16 = (frame: Uint8Array, at: number) => (frame[at] << 8) | frame[at + 1];

function ofPorts(frame: Uint8Array, at: number): DiscoveryProtocol | null {
  if (at + 8 > frame.length) return null;
  return ports.get(u16(frame, at + 2)) ?? ports.get(u16(frame, at)) ?? null;
}

/** Later fragments have no ports; first ones hold less than the message. */
function ofIpv4(frame: Uint8Array, at: number): DiscoveryProtocol | null {
  if (at + 20 > frame.length || frame[at + 9] !== UDP || (u16(frame, at + 6) & 0x3fff) !== 0) return null;
  return ofPorts(frame, at + (frame[at] & 15) * 4);
}

function ofIpv6(frame: Uint8Array, at: number): DiscoveryProtocol | null {
  if (at + 41 > frame.length) return null;
  if (frame[at + 6] === UDP) return ofPorts(frame, at + 40);
  const type = frame[at + 40];
  return frame[at + 6] === ICMPV6 && type >= 133 && type <= 137 ? 'ndp' : null;
}

/** LLC with SNAP: Cisco's identifier and protocol 0x2000. */
function isCdp(frame: Uint8Array, at: number): boolean {
  if (at + 8 > frame.length || frame[at] !== 0xaa || frame[at + 1] !== 0xaa || frame[at + 2] !== 3) return false;
  return frame[at + 3] === 0 && u16(frame, at + 4) === 0x000c && u16(frame, at + 6) === 0x2000;
}

function ofType(frame: Uint8Array, typeAt: number): DiscoveryProtocol | null {
  let at = typeAt;
  for (let tags = 0; tags <= MOST_TAGS && at + 2 <= frame.length; tags++) {
    const type = u16(frame, at);
    if (type === 0x0800) return ofIpv4(frame, at + 2);
    if (type === 0x86dd) return ofIpv6(frame, at + 2);
    if (type === 0x0806) return 'arp';
    if (type === 0x88cc) return 'lldp';
    if (type <= MAX_LENGTH_FIELD) return isCdp(frame, at + 2) ? 'cdp' : null;
    if (type !== 0x8100 && type !== 0x88a8) return null;
    at += 4;
  }
  return null;
}

/** null: none of them. `linkType` is a LINKTYPE_ number. */
export function recogniseDiscovery(frame: Uint8Array, linkType: number): DiscoveryProtocol | null {
  if (linkType === ETHERNET) return ofType(frame, 12);
  if (linkType === SLL) return ofType(frame, 14);
  if (linkType !== SLL2 || frame.length < 20) return null;
  // The type stands at the beginning, its content behind the header.
  const type = u16(frame, 0);
  if (type === 0x0800) return ofIpv4(frame, 20);
  if (type === 0x86dd) return ofIpv6(frame, 20);
  if (type === 0x0806) return 'arp';
  return type === 0x88cc ? 'lldp' : null;
}
