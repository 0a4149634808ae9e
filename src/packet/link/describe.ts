/** Link layers as titles and fields. */
import type { Describers } from '../description.ts';
import { hex } from '../description.ts';
import { etherTypeName, pppProtocolName } from '../protocol-names.ts';
import { arpOperationName } from './arp.ts';
import type { LinkLayer } from './layers.ts';

const SLL_DIRECTIONS = ['to us', 'broadcast', 'multicast', 'to another host', 'sent by us'];

function etherTypeText(type: number): string {
  return `${etherTypeName(type)} (${hex(type, 4)})`;
}

export const describeLink: Describers<LinkLayer['name']> = {
  ethernet: (layer) => ({
    title: 'Ethernet',
    fields: [
      ['Source', layer.source],
      ['Destination', layer.destination],
      layer.etherType === null ? ['Length', String(layer.frameLength)] : ['EtherType', etherTypeText(layer.etherType)],
    ],
  }),
  vlan: (layer) => ({
    title: 'VLAN',
    fields: [
      ['ID', String(layer.id)],
      ['Priority', String(layer.priority)],
      ['DEI', String(layer.dropEligible)],
      ['TPID', hex(layer.tpid, 4)],
      ['EtherType', etherTypeText(layer.etherType)],
    ],
  }),
  llc: (layer) => ({
    title: 'LLC',
    fields: [
      ['Content', layer.content],
      ['DSAP', hex(layer.dsap, 2)],
      ['SSAP', hex(layer.ssap, 2)],
      ['Control', hex(layer.control, 2)],
      ...(layer.oui === null ? [] : ([['OUI', hex(layer.oui, 6)]] as const)),
      ...(layer.protocolId === null ? [] : ([['Protocol', etherTypeText(layer.protocolId)]] as const)),
    ],
  }),
  sll: (layer) => ({
    title: layer.version === 1 ? 'Linux Cooked' : 'Linux Cooked v2',
    fields: [
      ['Packet', SLL_DIRECTIONS[layer.packetType] ?? String(layer.packetType)],
      ['Hardware', String(layer.hardwareType)],
      ['Address', layer.address === '' ? '-' : layer.address],
      ['Protocol', etherTypeText(layer.protocol)],
      ...(layer.interfaceIndex === null ? [] : ([['Interface', String(layer.interfaceIndex)]] as const)),
    ],
  }),
  null: (layer) => ({ title: 'Loopback', fields: [['Family', String(layer.family)]] }),
  serial: (layer) => ({
    title: layer.encapsulation === 'chdlc' ? 'Cisco HDLC' : 'Frame Relay',
    fields: [...(layer.dlci === null ? [] : ([['DLCI', String(layer.dlci)]] as const)), ['Protocol', etherTypeText(layer.protocol)]],
  }),
  wlan: (layer) => ({
    title: 'IEEE 802.11',
    fields: [
      ['Source', layer.source],
      ['Destination', layer.destination],
      ['Frame Type', hex(layer.frameType, 2)],
      ['Protected', String(layer.protected)],
    ],
  }),
  shim: (layer) => ({ title: layer.title, fields: [['Length', String(layer.length)]] }),
  mpls: (layer) => ({
    title: 'MPLS',
    fields: [
      ['Label', String(layer.label)],
      ['Traffic Class', String(layer.trafficClass)],
      ['Bottom', String(layer.bottom)],
      ['TTL', String(layer.ttl)],
    ],
  }),
  pppoe: (layer) => ({
    title: 'PPPoE',
    fields: [
      ['Code', hex(layer.code, 2)],
      ['Session', String(layer.sessionId)],
      ['Payload Length', String(layer.payloadLength)],
    ],
  }),
  ppp: (layer) => ({ title: 'PPP', fields: [['Protocol', pppProtocolName(layer.protocol)]] }),
  arp: (layer) => ({
    title: 'ARP',
    fields: [
      ['Operation', `${arpOperationName(layer.operation)} (${layer.operation})`],
      ['Sender MAC', layer.senderMac],
      ['Sender IP', layer.senderIp],
      ['Target MAC', layer.targetMac],
      ['Target IP', layer.targetIp],
    ],
  }),
  lldp: (layer) => ({
    title: 'LLDP',
    fields: [
      ['Chassis', layer.chassisId ?? '-'],
      ['Port', layer.portId ?? '-'],
      ['TTL', layer.ttl === null ? '-' : String(layer.ttl)],
      ['Port Description', layer.portDescription ?? '-'],
      ['System Name', layer.systemName ?? '-'],
      ['System Description', layer.systemDescription ?? '-'],
      ['Capabilities', layer.capabilities.join(' ') || '-'],
      ['Management', layer.managementAddresses.join(' ') || '-'],
    ],
  }),
};
