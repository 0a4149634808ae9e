import { describe, expect, it } from 'vitest';
import { packetDetail } from '../../../src/packet/detail.ts';
import { type PacketStamp, packetLine } from '../../../src/packet/line.ts';
import { PacketPrinter } from '../../../src/packet/packet-printer.ts';
import { type PacketRecord, packetRecord, protocolFilter } from '../../../src/packet/record.ts';
import { viewPacket } from '../../../src/packet/view.ts';
import { HAND_BUILT, type HandBuilt, handBuilt } from '../../fixtures/hand-built.ts';

const STAMP: PacketStamp = { ordinal: 7, sec: 1_700_000_000, nsec: 42_000, interfaceName: null };
const HEAD = '#7 22:13:20.000042';
const ETH = 'Eth: 02:00:00:00:00:0a -> 02:00:00:00:00:0b';

const view = (frame: HandBuilt) => viewPacket(frame.bytes, frame.linkType, frame.wireLength);
const line = (name: string, stamp = STAMP) => packetLine(view(handBuilt(name)), stamp);
const record = (name: string): PacketRecord => packetRecord(view(handBuilt(name)), STAMP);
const detail = (name: string) => packetDetail(view(handBuilt(name)), STAMP, handBuilt(name).bytes);

describe('packet line', () => {
  it.each([
    [
      'tcp',
      `${HEAD} ${ETH} [IPv4] | IPv4: 10.0.0.1 -> 10.0.0.2 proto=TCP ttl=64 len=51 | TCP :40000 -> :443 [PSH,ACK] seq=1000 ack=2000 win=512 | payload: 11 bytes`,
    ],
    [
      'two vlan tags',
      `${HEAD} ${ETH} [QinQ] VLAN:100 VLAN:200 | IPv6: 2001:db8::1 -> 2001:db8::2 next_hdr=UDP hop_limit=64 len=19 | UDP :53000 -> :53 len=19 | payload: 11 bytes`,
    ],
    ['arp request', `${HEAD} ${ETH} [ARP] | ARP request who-has 10.0.0.2 tell 10.0.0.1 (02:00:00:00:00:0a)`],
    [
      'icmp echo',
      `${HEAD} ${ETH} [IPv4] | IPv4: 10.0.0.1 -> 10.0.0.2 proto=ICMP ttl=64 len=39 | ICMP Echo Request id=4660 seq=7 | payload: 11 bytes`,
    ],
    [
      'icmpv6 echo',
      `${HEAD} ${ETH} [IPv6] | IPv6: 2001:db8::1 -> 2001:db8::2 next_hdr=ICMPv6 hop_limit=64 len=8 | ICMPv6 Echo Reply id=5 seq=6`,
    ],
    ['later fragment', `${HEAD} ${ETH} [IPv4] | IPv4: 10.0.0.1 -> 10.0.0.2 proto=UDP ttl=64 len=44 id=0x4d frag=24 | payload: 24 bytes`],
    ['lldp', `${HEAD} ${ETH} [LLDP] | LLDP: chassis=02:00:00:00:00:0b port=ge1 name=sw\\x1b[31m1`],
  ])('of %s', (name, expected) => {
    expect(line(name)).toBe(expected);
  });

  it('reports a frame that nothing could be read of', () => {
    expect(line('cut inside the ip header')).toBe(
      `${HEAD} [PARSE ERROR] 30 bytes: ipv4 truncated: 20 bytes needed, 16 available by the captured length, at offset 14`,
    );
    expect(line('ip version 5')).toBe(`${HEAD} [PARSE ERROR] 65 bytes: ip: version 5 is neither 4 nor 6 at offset 14`);
  });

  it('keeps a packet whose transport header is bad', () => {
    expect(line('tcp data offset 4')).toContain('| TCP :40000 -> :443 | [tcp: header length 16 below 20 at offset 34]');
  });

  it('names the interface when asked, harmlessly', () => {
    expect(line('tcp', { ...STAMP, interfaceName: 'eth0' })).toMatch(/^#7 22:13:20\.000042 \[eth0\] Eth: /);
    expect(line('tcp', { ...STAMP, interfaceName: 'a\nb' })).not.toContain('\n');
  });
});

describe('packet detail', () => {
  const lines = detail('one vlan tag').split('\n');

  it('stands between rules of 80 characters', () => {
    expect(lines[0]).toBe('='.repeat(80));
    expect(lines[1]).toBe(line('one vlan tag'));
    expect(lines[2]).toBe('-'.repeat(80));
  });

  it('lists the fields of every layer', () => {
    expect(lines).toEqual(
      expect.arrayContaining(['  Ethernet:', '  VLAN:', '    ID:        5', '    Priority:  3', '    DEI:       true']),
    );
    const ipv4 = detail('all ipv4 fields');
    for (const field of [
      'DSCP:         46',
      'ECN:          1',
      'Flags:        DF=true MF=false',
      'Frag Offset:  0',
      'ID:           0x1234',
    ]) {
      expect(ipv4).toContain(`    ${field}\n`);
    }
    expect(ipv4).toMatch(/Checksum: +0x[0-9a-f]{4} \(valid: true\)/);
    expect(detail('bad ipv4 checksum')).toContain('0xdead (valid: false)');
    expect(detail('syn with options')).toContain('MSS=1460 WS=7 SACK_PERM TSval=7 TSecr=9');
    expect(detail('icmp unreachable')).toMatch(/Quoted: +10\.0\.0\.2 -> 10\.0\.0\.1 TCP :40000 -> :443/);
  });

  it('ends with the bytes', () => {
    expect(lines).toContain(`  Hex Dump (${handBuilt('one vlan tag').bytes.length} bytes):`);
    expect(lines.at(-1)).toMatch(/^ {4}0040 {2}/);
    expect(detail('cut behind the tcp header')).toContain('Hex Dump (60 bytes of 1054):');
  });

  it('has fields for every layer of every frame', () => {
    for (const frame of HAND_BUILT) expect(packetDetail(view(frame), STAMP, frame.bytes)).not.toContain('undefined');
  });
});

describe('per-packet record', () => {
  it('of TCP', () => {
    expect(record('syn with options')).toEqual({
      n: 7,
      ts: 1_700_000_000.000042,
      interface: null,
      src_mac: '02:00:00:00:00:0a',
      dst_mac: '02:00:00:00:00:0b',
      vlan: [],
      ip_version: 4,
      src: '10.0.0.1',
      dst: '10.0.0.2',
      src_port: 40000,
      dst_port: 443,
      protocol: 'tcp',
      ip_proto: 6,
      length: 74,
      captured: 74,
      ip_length: 60,
      id: 0,
      flags: 2,
      flag_names: ['SYN'],
      options: '',
      tcp_options: { mss: 1460, window_scale: 7, sack_permitted: true, sack: [], ts_val: 7, ts_ecr: 9 },
      ttl: 64,
      dscp: 0,
      ecn: 0,
      fragment_offset: null,
      more_fragments: null,
      checksum_valid: true,
      seq: 1000,
      ack: 0,
      window: 512,
      icmp_type: null,
      icmp_code: null,
      arp_operation: null,
      tunnels: [],
      payload: 0,
      error: null,
    });
  });

  it('has the IP flags where there are no TCP flags, and IP options as they are', () => {
    expect(record('ipv4 options')).toMatchObject({ protocol: 'igmp', flags: 2, flag_names: ['DF'], options: '94040000' });
    expect(record('first fragment')).toMatchObject({
      protocol: 'udp',
      flags: 1,
      flag_names: ['MF'],
      fragment_offset: 0,
      more_fragments: true,
      id: 77,
    });
    expect(record('later ipv6 fragment')).toMatchObject({ id: 0x01020304, fragment_offset: 1448, src_port: null, options: null });
  });

  it('is about the innermost packet, and lists the tunnels around it', () => {
    expect(record('vxlan')).toMatchObject({
      protocol: 'tcp',
      src_port: 40000,
      tunnels: [{ type: 'vxlan', id: 0x1234, src: '10.0.0.1', dst: '10.0.0.2' }],
    });
    expect(record('nvgre').tunnels).toMatchObject([{ type: 'nvgre', id: 0x1234 }]);
    expect(record('6in4')).toMatchObject({ ip_version: 6, protocol: 'udp', tunnels: [{ type: 'ipip', id: null }] });
  });

  it('has the same keys for every frame', () => {
    const keys = Object.keys(record('tcp')).sort();
    for (const frame of HAND_BUILT) expect(Object.keys(packetRecord(view(frame), STAMP)).sort()).toEqual(keys);
  });

  it('names what is not IP', () => {
    expect(record('arp request')).toMatchObject({ protocol: 'arp', src: '10.0.0.1', dst: '10.0.0.2', arp_operation: 1, ip_proto: null });
    expect(record('lldp').protocol).toBe('lldp');
    expect(record('cut inside the ethernet header')).toMatchObject({
      protocol: 'unknown',
      error: expect.stringContaining('ethernet truncated'),
    });
  });
});

describe('protocol filter', () => {
  it('leaves out protocols by name in any case, or by number', () => {
    const keep = protocolFilter(['IGMP', ' Arp', '6']);
    expect(['ipv4 options', 'arp request', 'tcp'].map((name) => keep(record(name)))).toEqual([false, false, false]);
    expect(keep(record('udp'))).toBe(true);
  });
});

describe('packet printer', () => {
  const packet = (name: string) => {
    const { bytes, linkType, wireLength } = handBuilt(name);
    return {
      ordinal: 7,
      sec: STAMP.sec,
      nsec: STAMP.nsec,
      streamNs: 0,
      source: 1,
      linkType,
      wireLength,
      capturedLength: bytes.length,
      frame: bytes,
    };
  };
  const interfaceName = (source: number) => (source === 1 ? 'eth1' : null);

  it('gives line, detail and record of a frame', () => {
    const printed = new PacketPrinter({ ignoreProtocols: [], interfaceName, showInterface: false }).print(packet('tcp'));
    expect(printed?.line()).toBe(line('tcp'));
    expect(printed?.detail()).toBe(detail('tcp'));
    expect(JSON.parse(printed?.json() ?? '')).toEqual({ ...record('tcp'), interface: 'eth1' });
  });

  it('shows the interface in lines and leaves out ignored protocols', () => {
    const printer = new PacketPrinter({ ignoreProtocols: ['igmp'], interfaceName, showInterface: true });
    expect(printer.print(packet('ipv4 options'))).toBeNull();
    expect(printer.print(packet('tcp'))?.line()).toContain(' [eth1] Eth: ');
  });
});
