/**
 * The protocol that usually has a port, for flows that no parser knew: a guess, and marked as one. Ports by IANA's
 * registry, only those that are rarely used for anything else.
 */
import type { ProtocolName } from './protocols.ts';

const TCP = 6;
const UDP = 17;

const tcp: Readonly<Record<number, ProtocolName>> = {
  21: 'ftp_control',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  43: 'whois',
  53: 'dns',
  80: 'http',
  88: 'kerberos',
  102: 's7comm',
  110: 'pop3',
  111: 'rpc',
  119: 'usenet',
  135: 'dcerpc',
  139: 'netbios',
  143: 'imap',
  179: 'bgp',
  389: 'ldap',
  443: 'tls',
  445: 'smbv23',
  465: 'smtps',
  502: 'modbus',
  554: 'rtsp',
  587: 'smtp',
  636: 'ldap',
  646: 'ldp',
  853: 'tls',
  993: 'imaps',
  995: 'pops',
  1433: 'mssql_tds',
  1521: 'oracle',
  1723: 'pptp',
  1883: 'mqtt',
  1935: 'rtmp',
  2049: 'nfs',
  3128: 'http_proxy',
  3306: 'mysql',
  3389: 'rdp',
  3690: 'svn',
  4222: 'nats',
  4840: 'opc_ua',
  5060: 'sip',
  5222: 'jabber',
  5432: 'postgresql',
  5672: 'amqp',
  5900: 'vnc',
  6379: 'redis',
  6653: 'openflow',
  6667: 'irc',
  8080: 'http',
  9042: 'cassandra',
  9092: 'kafka',
  9418: 'git',
  11211: 'memcached',
  20000: 'dnp3',
  27017: 'mongodb',
  44818: 'ethernet_ip',
};

const udp: Readonly<Record<number, ProtocolName>> = {
  53: 'dns',
  67: 'dhcp',
  68: 'dhcp',
  69: 'tftp',
  88: 'kerberos',
  111: 'rpc',
  123: 'ntp',
  137: 'netbios',
  138: 'netbios',
  161: 'snmp',
  162: 'snmp',
  389: 'ldap',
  427: 'service_location_protocol',
  443: 'quic',
  500: 'ipsec',
  514: 'syslog',
  520: 'rip',
  546: 'dhcpv6',
  547: 'dhcpv6',
  623: 'rmcp',
  646: 'ldp',
  1194: 'openvpn',
  1701: 'l2tp',
  1812: 'radius',
  1813: 'radius',
  1900: 'ssdp',
  1985: 'hsrp',
  2055: 'netflow',
  2123: 'gtp',
  2152: 'gtp',
  3478: 'stun',
  3702: 'wsd',
  3784: 'bfd',
  4500: 'ipsec',
  4739: 'netflow',
  5004: 'rtp',
  5060: 'sip',
  5246: 'capwap',
  5247: 'capwap',
  5351: 'nat_pmp',
  5353: 'mdns',
  5355: 'llmnr',
  5683: 'coap',
  6343: 'sflow',
  47808: 'bacnet',
  51820: 'wireguard',
};

/** The server's port decides, then the client's. Null when neither has a usual owner. */
export function guessByPort(ipProtocol: number, serverPort: number, clientPort: number): ProtocolName | null {
  const ports = ipProtocol === TCP ? tcp : ipProtocol === UDP ? udp : null;
  return ports === null ? null : (ports[serverPort] ?? ports[clientPort] ?? null);
}

/** The ports from which each protocol is guessed. */
export function guessedPorts(): Map<ProtocolName, number[]> {
  const ports = new Map<ProtocolName, number[]>();
  for (const table of [tcp, udp]) {
    for (const [port, protocol] of Object.entries(table)) ports.set(protocol, [...(ports.get(protocol) ?? []), Number(port)]);
  }
  return ports;
}
