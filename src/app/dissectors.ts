/** Every parser there is, in the order in which they are asked where the port says nothing. */

import { amqp } from './amqp.ts';
import { bacnet } from './bacnet.ts';
import { bfd } from './bfd.ts';
import { bgp } from './bgp.ts';
import { bitcoin } from './bitcoin.ts';
import { bittorrentTcp } from './bittorrent.ts';
import { bittorrentUdp } from './bittorrent-udp.ts';
import { capwap } from './capwap.ts';
import { cassandra } from './cassandra.ts';
import { coap } from './coap.ts';
import { collectd } from './collectd.ts';
import { dcerpc, dcerpcUdp } from './dcerpc.ts';
import { dhcp } from './dhcp.ts';
import { dhcpv6 } from './dhcpv6.ts';
import { diameter } from './diameter.ts';
import type { DatagramDissector, StreamDissector } from './dissector.ts';
import { dnp3Tcp, dnp3Udp } from './dnp3.ts';
import { dnsTcp, dnsUdp } from './dns.ts';
import { dnscryptTcp, dnscryptUdp } from './dnscrypt.ts';
import { dropboxLan } from './dropbox-lan.ts';
import { dtls } from './dtls.ts';
import { elasticsearch } from './elasticsearch.ts';
import { ethernetIpTcp, ethernetIpUdp } from './ethernet-ip.ts';
import { fix } from './fix.ts';
import { ftp } from './ftp.ts';
import { git } from './git.ts';
import { gnutellaTcp, gnutellaUdp } from './gnutella.ts';
import { gtp } from './gtp.ts';
import { haproxy } from './haproxy.ts';
import { hsrp } from './hsrp.ts';
import { http } from './http.ts';
import { http2 } from './http2.ts';
import { ident } from './ident.ts';
import { iec60870 } from './iec60870.ts';
import { imap } from './imap.ts';
import { ipsec } from './ipsec.ts';
import { irc } from './irc.ts';
import { kafka } from './kafka.ts';
import { kerberosTcp, kerberosUdp } from './kerberos.ts';
import { l2tp } from './l2tp.ts';
import { ldapTcp, ldapUdp } from './ldap.ts';
import { ldpTcp, ldpUdp } from './ldp.ts';
import { llmnr } from './llmnr.ts';
import { mdns } from './mdns.ts';
import { memcachedTcp, memcachedUdp } from './memcached.ts';
import { modbus } from './modbus.ts';
import { mongodb } from './mongodb.ts';
import { mqtt } from './mqtt.ts';
import { mssqlTds } from './mssql-tds.ts';
import { mysql } from './mysql.ts';
import { natPmp } from './nat-pmp.ts';
import { nats } from './nats.ts';
import { netbiosDgm } from './netbios-dgm.ts';
import { netbiosNs } from './netbios-ns.ts';
import { netflow } from './netflow.ts';
import { ntp } from './ntp.ts';
import { opcUa } from './opc-ua.ts';
import { openflow } from './openflow.ts';
import { openvpnTcp, openvpnUdp } from './openvpn.ts';
import { openwire } from './openwire.ts';
import { oracle } from './oracle.ts';
import { pop3 } from './pop3.ts';
import { postgresql } from './postgresql.ts';
import { pptp } from './pptp.ts';
import { ptp } from './ptp.ts';
import { quic } from './quic.ts';
import { radius } from './radius.ts';
import { rdp, rdpUdp } from './rdp.ts';
import { redis } from './redis.ts';
import { Registry } from './registry.ts';
import { rip } from './rip.ts';
import { rlogin } from './rlogin.ts';
import { rmcp } from './rmcp.ts';
import { rpcTcp, rpcUdp } from './rpc.ts';
import { rsync } from './rsync.ts';
import { rtmp } from './rtmp.ts';
import { rtcp, rtp } from './rtp.ts';
import { rtsp } from './rtsp.ts';
import { s7comm } from './s7comm.ts';
import { sflow } from './sflow.ts';
import { sipTcp, sipUdp } from './sip.ts';
import { slp } from './slp.ts';
import { smb } from './smb.ts';
import { smtp } from './smtp.ts';
import { snmp } from './snmp.ts';
import { socks } from './socks.ts';
import { ssdp } from './ssdp.ts';
import { ssh } from './ssh.ts';
import { stunTcp, stunUdp } from './stun.ts';
import { svn } from './svn.ts';
import { syslogTcp, syslogUdp } from './syslog.ts';
import { telnet } from './telnet.ts';
import { tftp } from './tftp.ts';
import { thrift, thriftUdp } from './thrift.ts';
import { tls } from './tls.ts';
import { usenet } from './usenet.ts';
import { vnc } from './vnc.ts';
import { websocket } from './websocket.ts';
import { whois } from './whois.ts';
import { wireguard } from './wireguard.ts';
import { wsd } from './wsd.ts';
import { x11 } from './x11.ts';
import { xdmcp } from './xdmcp.ts';
import { xmpp } from './xmpp.ts';
import { zabbix } from './zabbix.ts';

export const STREAM_DISSECTORS: readonly StreamDissector[] = [
  amqp,
  bgp,
  bitcoin,
  bittorrentTcp,
  cassandra,
  dcerpc,
  diameter,
  dnp3Tcp,
  dnsTcp,
  dnscryptTcp,
  elasticsearch,
  ethernetIpTcp,
  fix,
  ftp,
  git,
  gnutellaTcp,
  haproxy,
  http,
  http2,
  ident,
  iec60870,
  imap,
  irc,
  kafka,
  kerberosTcp,
  ldapTcp,
  ldpTcp,
  memcachedTcp,
  modbus,
  mongodb,
  mqtt,
  mssqlTds,
  mysql,
  nats,
  opcUa,
  openflow,
  openvpnTcp,
  openwire,
  oracle,
  pop3,
  postgresql,
  pptp,
  rdp,
  redis,
  rlogin,
  rpcTcp,
  rsync,
  rtmp,
  rtsp,
  s7comm,
  sipTcp,
  smb,
  smtp,
  socks,
  ssh,
  stunTcp,
  svn,
  syslogTcp,
  telnet,
  thrift,
  tls,
  usenet,
  vnc,
  websocket,
  whois,
  x11,
  xmpp,
  zabbix,
];

export const DATAGRAM_DISSECTORS: readonly DatagramDissector[] = [
  bacnet,
  bfd,
  bittorrentUdp,
  capwap,
  coap,
  collectd,
  dcerpcUdp,
  dhcp,
  dhcpv6,
  dnp3Udp,
  dnsUdp,
  dnscryptUdp,
  dropboxLan,
  dtls,
  ethernetIpUdp,
  gnutellaUdp,
  gtp,
  hsrp,
  ipsec,
  kerberosUdp,
  l2tp,
  ldapUdp,
  ldpUdp,
  llmnr,
  mdns,
  memcachedUdp,
  natPmp,
  netbiosDgm,
  netbiosNs,
  netflow,
  ntp,
  openvpnUdp,
  ptp,
  quic,
  radius,
  rdpUdp,
  rip,
  rmcp,
  rpcUdp,
  rtp,
  rtcp,
  sflow,
  sipUdp,
  slp,
  snmp,
  ssdp,
  stunUdp,
  syslogUdp,
  tftp,
  thriftUdp,
  wireguard,
  wsd,
  xdmcp,
];

export function createRegistry(): Registry {
  return new Registry(STREAM_DISSECTORS, DATAGRAM_DISSECTORS);
}
