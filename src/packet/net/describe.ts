/** Network layers as titles and fields. */
import type { Describers } from '../description.ts';
import { hex, protocolLabel } from '../description.ts';
import type { Ipv4Option, NetLayer } from './layers.ts';

function optionsText(options: Ipv4Option[]): string {
  return options.map(({ name, value }) => (value === '' ? name : `${name} ${value}`)).join(', ');
}

export const describeNet: Describers<NetLayer['name']> = {
  ipv4: (layer) => ({
    title: 'IPv4',
    fields: [
      ['Source', layer.source],
      ['Destination', layer.destination],
      ['Protocol', `${protocolLabel(layer.protocol)} (${layer.protocol})`],
      ['TTL', String(layer.ttl)],
      ['Total Length', String(layer.totalLength)],
      ['ID', hex(layer.identification, 4)],
      ['Flags', `${layer.reservedFlag ? 'RF=true ' : ''}DF=${layer.dontFragment} MF=${layer.moreFragments}`],
      ['Frag Offset', String(layer.fragmentOffset)],
      ['DSCP', String(layer.dscp)],
      ['ECN', String(layer.ecn)],
      ['Checksum', `${hex(layer.checksum, 4)} (valid: ${layer.checksumValid ?? 'unknown'})`],
      ...(layer.options.length === 0 ? [] : ([['Options', optionsText(layer.options)]] as const)),
    ],
  }),
  ipv6: (layer) => ({
    title: 'IPv6',
    fields: [
      ['Source', layer.source],
      ['Destination', layer.destination],
      ['Next Header', `${protocolLabel(layer.nextHeader)} (${layer.nextHeader})`],
      ['Hop Limit', String(layer.hopLimit)],
      ['Payload Length', String(layer.payloadLength)],
      ['DSCP', String(layer.dscp)],
      ['ECN', String(layer.ecn)],
      ['Flow Label', hex(layer.flowLabel, 5)],
    ],
  }),
  'ipv6-extension': (layer) => ({
    title: `IPv6 ${layer.title}`,
    fields: [
      ['Length', String(layer.length)],
      ['Next Header', `${protocolLabel(layer.nextHeader)} (${layer.nextHeader})`],
      ...(layer.options.length === 0 ? [] : ([['Options', optionsText(layer.options)]] as const)),
    ],
  }),
  'ipv6-fragment': (layer) => ({
    title: 'IPv6 Fragment',
    fields: [
      ['ID', hex(layer.identification, 8)],
      ['Frag Offset', String(layer.fragmentOffset)],
      ['Flags', `MF=${layer.moreFragments}`],
      ['Next Header', `${protocolLabel(layer.nextHeader)} (${layer.nextHeader})`],
    ],
  }),
  ah: (layer) => ({
    title: 'Authentication Header',
    fields: [
      ['SPI', hex(layer.spi, 8)],
      ['Sequence', String(layer.sequence)],
      ['Next Header', `${protocolLabel(layer.nextHeader)} (${layer.nextHeader})`],
    ],
  }),
};
