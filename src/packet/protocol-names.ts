/** Names of the numbers that select the next layer. Registries: IANA protocol-numbers, IEEE 802 EtherTypes, PPP numbers. */

const PROTOCOLS = new Map<number, string>([
  [0, 'hopopt'],
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipip'],
  [6, 'tcp'],
  [8, 'egp'],
  [17, 'udp'],
  [27, 'rdp'],
  [33, 'dccp'],
  [41, 'ipv6'],
  [43, 'ipv6-route'],
  [44, 'ipv6-frag'],
  [46, 'rsvp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [59, 'ipv6-nonxt'],
  [60, 'ipv6-opts'],
  [88, 'eigrp'],
  [89, 'ospf'],
  [94, 'ipip'],
  [97, 'etherip'],
  [103, 'pim'],
  [108, 'ipcomp'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [132, 'sctp'],
  [135, 'mobility'],
  [136, 'udplite'],
  [137, 'mpls-in-ip'],
  [139, 'hip'],
  [140, 'shim6'],
  [255, 'reserved'],
]);

/** Lower-case name of an IP protocol, or the number as text. */
export function protocolName(protocol: number): string {
  return PROTOCOLS.get(protocol) ?? String(protocol);
}

const ETHER_TYPES = new Map<number, string>([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x0842, 'WoL'],
  [0x6558, 'TEB'],
  [0x8035, 'RARP'],
  [0x8100, 'VLAN'],
  [0x8137, 'IPX'],
  [0x86dd, 'IPv6'],
  [0x8808, 'PAUSE'],
  [0x8809, 'SlowProtocols'],
  [0x880b, 'PPP'],
  [0x8847, 'MPLS'],
  [0x8848, 'MPLS-MC'],
  [0x8863, 'PPPoE-D'],
  [0x8864, 'PPPoE'],
  [0x888e, 'EAPOL'],
  [0x8892, 'PROFINET'],
  [0x88a8, 'QinQ'],
  [0x88be, 'ERSPAN'],
  [0x88cc, 'LLDP'],
  [0x88e5, 'MACsec'],
  [0x88f7, 'PTP'],
  [0x9000, 'Loopback'],
  [0x9100, 'QinQ'],
]);

/** Name of an EtherType, or `0x....`. */
export function etherTypeName(type: number): string {
  return ETHER_TYPES.get(type) ?? `0x${type.toString(16).padStart(4, '0')}`;
}

const PPP_PROTOCOLS = new Map<number, string>([
  [0x0021, 'IPv4'],
  [0x0057, 'IPv6'],
  [0x0281, 'MPLS'],
  [0x8021, 'IPCP'],
  [0x8057, 'IPV6CP'],
  [0xc021, 'LCP'],
  [0xc023, 'PAP'],
  [0xc223, 'CHAP'],
]);

export function pppProtocolName(protocol: number): string {
  return PPP_PROTOCOLS.get(protocol) ?? `0x${protocol.toString(16).padStart(4, '0')}`;
}
