/**
 * The packet views against tshark, field by field, on captures that together hold most of what is decoded. A field is
 * compared with all its occurrences in the frame: tunnels from the outside in, then what an ICMP error quotes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Layer } from '../../src/packet/layer.ts';
import { viewPacket } from '../../src/packet/view.ts';
import { CORPUS_PCAPS } from '../fixtures/corpus.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { TSHARK_PRESENT, tsharkFields } from '../fixtures/tshark.ts';

const CAPTURES = [
  'ndpi__443-firefox.pcap',
  'zeek__vlan-qinqinq.pcap',
  'zeek__gtp1_gn_normal_incl_fragmentation.pcap',
  'tcpdump__various_gre.pcap',
  'ndpi__vxlan.pcap',
  'zeek__geneve.pcap',
  'zeek__gtp8_teredo.pcap',
  'arkime__mpls-basic.pcap',
  'tcpdump__pppoes.pcap',
  'zeek__linux_dlt_sll2.pcap',
  'arkime__gtp-iphone.pcap',
  'zeek__ipv6.pcap',
  'zeek__icmp6-nd-options.pcap',
  'zeek__icmp-destunreach-udp.pcap',
  'suricata-verify__icmp_and_ssh.pcap',
  'arkime__igmp.pcap',
  'suricata-verify__sctp-keywords__input.pcap',
  'tcpdump__OSPFv3_with_AH.pcap',
  'pcapplusplus__frag_with_padding.pcap',
  'synthetic__arp_spoof.pcap',
];

const decimal = (text: string) => String(Number(text));
const same = (text: string) => text;

/** How to find each field in a layer, and how tshark writes it. */
const FIELDS: Record<string, { read: (layer: Layer) => readonly (string | number)[]; from: (text: string) => string }> = {
  'vlan.id': { read: (layer) => (layer.name === 'vlan' ? [layer.id] : []), from: decimal },
  'ip.src': { read: (layer) => (layer.name === 'ipv4' ? [layer.source] : []), from: same },
  'ip.dst': { read: (layer) => (layer.name === 'ipv4' ? [layer.destination] : []), from: same },
  'ip.id': { read: (layer) => (layer.name === 'ipv4' ? [layer.identification] : []), from: decimal },
  'ip.ttl': { read: (layer) => (layer.name === 'ipv4' ? [layer.ttl] : []), from: decimal },
  'ip.len': { read: (layer) => (layer.name === 'ipv4' ? [layer.totalLength] : []), from: decimal },
  'ip.dsfield.dscp': { read: (layer) => (layer.name === 'ipv4' ? [layer.dscp] : []), from: decimal },
  'ipv6.src': { read: (layer) => (layer.name === 'ipv6' ? [layer.source] : []), from: same },
  'ipv6.dst': { read: (layer) => (layer.name === 'ipv6' ? [layer.destination] : []), from: same },
  'ipv6.hlim': { read: (layer) => (layer.name === 'ipv6' ? [layer.hopLimit] : []), from: decimal },
  'ipv6.flow': { read: (layer) => (layer.name === 'ipv6' ? [layer.flowLabel] : []), from: decimal },
  'tcp.srcport': { read: (layer) => (isTcp(layer) ? [layer.sourcePort] : []), from: decimal },
  'tcp.dstport': { read: (layer) => (isTcp(layer) ? [layer.destinationPort] : []), from: decimal },
  'tcp.seq_raw': { read: (layer) => (layer.name === 'tcp' ? [layer.sequence] : []), from: decimal },
  'tcp.ack_raw': { read: (layer) => (layer.name === 'tcp' ? [layer.acknowledgment] : []), from: decimal },
  'tcp.flags': { read: (layer) => (layer.name === 'tcp' ? [layer.flags] : []), from: (text) => String(Number(text) & 0xff) },
  'tcp.window_size_value': { read: (layer) => (layer.name === 'tcp' ? [layer.window] : []), from: decimal },
  'tcp.options.mss_val': { read: (layer) => (layer.name === 'tcp' ? present(layer.options.mss) : []), from: decimal },
  'tcp.options.wscale.shift': { read: (layer) => (layer.name === 'tcp' ? present(layer.options.windowScale) : []), from: decimal },
  'tcp.options.timestamp.tsval': { read: (layer) => (layer.name === 'tcp' ? present(layer.options.timestamps?.value) : []), from: decimal },
  'tcp.options.sack_le': { read: (layer) => (layer.name === 'tcp' ? layer.options.sack.map(({ left }) => left) : []), from: decimal },
  'udp.srcport': { read: (layer) => (layer.name === 'udp' ? [layer.sourcePort] : []), from: decimal },
  'udp.dstport': { read: (layer) => (layer.name === 'udp' ? [layer.destinationPort] : []), from: decimal },
  'udp.length': { read: (layer) => (layer.name === 'udp' ? [layer.udpLength] : []), from: decimal },
  'sctp.srcport': { read: (layer) => (layer.name === 'sctp' ? [layer.sourcePort] : []), from: decimal },
  'icmp.type': { read: (layer) => (layer.name === 'icmp' ? [layer.type] : []), from: decimal },
  'icmp.code': { read: (layer) => (layer.name === 'icmp' ? [layer.code] : []), from: decimal },
  'icmpv6.type': { read: (layer) => (layer.name === 'icmpv6' ? [layer.type] : []), from: decimal },
  'igmp.type': { read: (layer) => (layer.name === 'igmp' ? [layer.type] : []), from: decimal },
  'arp.opcode': { read: (layer) => (layer.name === 'arp' ? [layer.operation] : []), from: decimal },
  'arp.src.hw_mac': { read: (layer) => (layer.name === 'arp' ? [layer.senderMac] : []), from: same },
  'arp.dst.proto_ipv4': { read: (layer) => (layer.name === 'arp' ? [layer.targetIp] : []), from: same },
  'vxlan.vni': { read: (layer) => (layer.name === 'tunnel' && layer.type === 'vxlan' ? present(layer.id) : []), from: decimal },
  'gtp.teid': { read: (layer) => (layer.name === 'tunnel' && layer.type === 'gtpu' ? present(layer.id) : []), from: decimal },
  'mpls.label': { read: (layer) => (layer.name === 'mpls' ? [layer.label] : []), from: decimal },
};
const NAMES = Object.keys(FIELDS);

function isTcp(layer: Layer): layer is Extract<Layer, { name: 'tcp' | 'ports' }> {
  return layer.name === 'tcp' || (layer.name === 'ports' && layer.protocol === 6);
}

function present(value: number | null | undefined): number[] {
  return value === null || value === undefined ? [] : [value];
}

function withQuoted(layers: readonly Layer[]): Layer[] {
  return layers.flatMap((layer) => ('quoted' in layer && layer.quoted !== null ? [layer, ...layer.quoted.layers] : [layer]));
}

/** What the view says in tshark's terms; only fields that occur. */
export function fieldsOf(layers: readonly Layer[]): Record<string, string> {
  const all = withQuoted(layers);
  const entries = NAMES.map((name) => [name, all.flatMap((layer) => FIELDS[name]?.read(layer) ?? []).join(',')] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

function fromTshark(row: Record<string, string[]>): Record<string, string> {
  const entries = NAMES.map((name) => [name, (row[name] ?? []).map((text) => FIELDS[name]?.from(text) ?? text).join(',')] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

const absent = !TSHARK_PRESENT ? 'tshark is not installed' : existsSync(CORPUS_PCAPS) ? '' : `no captures in ${CORPUS_PCAPS}`;

describe.skipIf(absent !== '')(`views say what tshark says${absent === '' ? '' : ` (skipped: ${absent})`}`, () => {
  it.each(CAPTURES)('%s', (file) => {
    const path = join(CORPUS_PCAPS, file);
    const rows = tsharkFields(path, NAMES);
    const { frames } = readCapture(path);
    expect(frames.length).toBeGreaterThan(0);
    expect(rows).toHaveLength(frames.length);
    const ours = frames.map((frame, index) => ({
      frame: index + 1,
      ...fieldsOf(viewPacket(frame.bytes, frame.linkType, frame.wireLength).layers),
    }));
    const theirs = rows.map((row, index) => ({ frame: index + 1, ...fromTshark(row) }));
    expect(ours).toEqual(theirs);
  });
});
