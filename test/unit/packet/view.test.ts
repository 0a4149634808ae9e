import { describe, expect, it } from 'vitest';
import type { Layer, LayerName, LayerOf } from '../../../src/packet/layer.ts';
import { MAX_LAYERS, type PacketView, viewPacket } from '../../../src/packet/view.ts';
import { HAND_BUILT, handBuilt, RARE_FRAMES } from '../../fixtures/hand-built.ts';
import * as h from '../../fixtures/headers.ts';

function viewOf(name: string): PacketView {
  const frame = handBuilt(name);
  return viewPacket(frame.bytes, frame.linkType, frame.wireLength);
}

function viewBytes(bytes: readonly number[], wireLength = bytes.length): PacketView {
  return viewPacket(Uint8Array.from(bytes), 1, wireLength);
}

function layer<Name extends LayerName>(view: PacketView, name: Name): LayerOf<Name> {
  const found = view.layers.findLast((candidate): candidate is LayerOf<Name> => candidate.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${view.layers.map((candidate: Layer) => candidate.name).join(', ')}`);
  return found;
}

const names = (view: PacketView) => view.layers.map((candidate) => candidate.name);

describe('link', () => {
  it('shows both tags of a double-tagged frame with id, priority and DEI', () => {
    const tags = viewOf('two vlan tags').layers.filter((candidate) => candidate.name === 'vlan');
    expect(tags).toMatchObject([
      { id: 100, priority: 1, dropEligible: false, tpid: 0x88a8, etherType: 0x8100 },
      { id: 200, priority: 7, dropEligible: false, tpid: 0x8100, etherType: 0x86dd },
    ]);
    expect(layer(viewOf('one vlan tag'), 'vlan')).toMatchObject({ id: 5, priority: 3, dropEligible: true });
  });

  it('stops at the ninth tag', () => {
    let payload: number[] = [];
    for (let id = 20; id > 0; id--) payload = h.vlanTag(id, 0x8100, payload);
    const view = viewBytes(h.ethernet(0x8100, payload));
    expect(view.layers.filter((candidate) => candidate.name === 'vlan')).toHaveLength(8);
    expect(view.error).toMatchObject({ layer: 'vlan', reason: 'too many tags' });
  });

  it.each(HAND_BUILT.filter(({ name }) => /^(sll|null|loop|raw|link type|pppoe|two mpls|snap)/.test(name)))(
    'finds IP through $name',
    (frame) => {
      const view = viewPacket(frame.bytes, frame.linkType, frame.wireLength);
      expect(view.error).toBeNull();
      expect(names(view).at(-1)).toMatch(/^(tcp|udp)$/);
      expect(view.payload.length).toBe('hello, weir'.length);
    },
  );

  it('reads the addresses and the operation of ARP', () => {
    expect(layer(viewOf('arp request'), 'arp')).toMatchObject({
      operation: 1,
      senderMac: '02:00:00:00:00:0a',
      senderIp: '10.0.0.1',
      targetMac: '00:00:00:00:00:00',
      targetIp: '10.0.0.2',
    });
  });

  it('reads who an LLDP neighbour is', () => {
    expect(layer(viewOf('lldp'), 'lldp')).toMatchObject({
      chassisId: '02:00:00:00:00:0b',
      portId: 'ge1',
      ttl: 120,
      capabilities: ['bridge', 'router'],
      managementAddresses: ['10.0.0.1'],
    });
  });

  it('does not decode an unknown link type as Ethernet', () => {
    const view = viewPacket(handBuilt('tcp').bytes, 147, 65);
    expect(view.layers).toEqual([]);
    expect(view.error?.reason).toBe('link type 147 is not decoded');
  });
});

describe('network', () => {
  it('shows every field of an IPv4 header', () => {
    expect(layer(viewOf('all ipv4 fields'), 'ipv4')).toMatchObject({
      source: '10.0.0.1',
      destination: '10.0.0.2',
      dscp: 46,
      ecn: 1,
      identification: 0x1234,
      dontFragment: true,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: 7,
      protocol: 17,
      totalLength: 39,
      checksumValid: true,
    });
  });

  it('says when the header checksum is wrong', () => {
    expect(layer(viewOf('bad ipv4 checksum'), 'ipv4')).toMatchObject({ checksum: 0xdead, checksumValid: false });
  });

  it('names options', () => {
    const options = [7, 7, 4, ...h.IP_A, 0x94, 4, 0, 0, 1];
    const view = viewBytes(h.ethernet(0x0800, h.ipv4(6, h.tcp(), { options })));
    expect(layer(view, 'ipv4')).toMatchObject({
      options: [
        { name: 'record route', value: 'pointer 4: 10.0.0.1' },
        { name: 'router alert', value: '0000' },
        { name: 'no operation', value: '' },
      ],
      optionsHex: '0707040a0000019404000001',
    });
  });

  it('leaves out the padding of a short frame', () => {
    expect(viewOf('padded frame').payload).toMatchObject({ length: 0 });
  });

  it('never reads ports from a later fragment', () => {
    for (const name of ['later fragment', 'later ipv6 fragment']) {
      const view = viewOf(name);
      expect(names(view)).not.toContain('udp');
      expect(view.error).toBeNull();
    }
    expect(layer(viewOf('later fragment'), 'ipv4')).toMatchObject({ fragmentOffset: 24, identification: 77 });
    expect(layer(viewOf('later ipv6 fragment'), 'ipv6-fragment')).toMatchObject({ fragmentOffset: 1448, moreFragments: true });
  });

  it('finds TCP behind four extension headers', () => {
    const view = viewOf('four ipv6 extension headers');
    expect(names(view)).toEqual(['ethernet', 'ipv6', 'ipv6-extension', 'ipv6-extension', 'ipv6-fragment', 'ipv6-extension', 'tcp']);
    expect(layer(view, 'tcp')).toMatchObject({ sourcePort: 40000, destinationPort: 443 });
  });

  it('stops after sixteen extension headers', () => {
    let chain = h.ipv6Options(6, h.tcp());
    for (let count = 0; count < 16; count++) chain = h.ipv6Options(60, chain);
    const view = viewBytes(h.ethernet(0x86dd, h.ipv6(60, chain)));
    expect(view.error).toMatchObject({ reason: 'too many extension headers' });
    expect(view.layers).toHaveLength(18);
  });

  it('reads traffic class and flow label of IPv6', () => {
    expect(layer(viewOf('raw ipv6'), 'ipv6')).toMatchObject({ dscp: 46, ecn: 0, flowLabel: 0xabcde, hopLimit: 64 });
  });
});

describe('transport', () => {
  it('shows all eight TCP flags', () => {
    expect(layer(viewOf('all tcp flags'), 'tcp')).toMatchObject({ flags: 0xff, urgentPointer: 3 });
  });

  it('decodes the options of a SYN', () => {
    expect(layer(viewOf('syn with options'), 'tcp').options).toEqual({
      kinds: [2, 4, 8, 1, 3],
      mss: 1460,
      windowScale: 7,
      sackPermitted: true,
      sack: [],
      timestamps: { value: 7, echo: 9 },
      others: [],
      malformed: false,
    });
  });

  it('decodes SACK blocks', () => {
    expect(layer(viewOf('sack blocks'), 'tcp').options.sack).toEqual([
      { left: 100, right: 200 },
      { left: 300, right: 400 },
    ]);
  });

  it('keeps the options in front of a malformed one', () => {
    expect(layer(viewOf('malformed tcp options'), 'tcp').options).toMatchObject({ mss: 1460, malformed: true });
  });

  it.each([
    [0, 'Echo Reply'],
    [3, 'Destination Unreachable: network unreachable'],
    [5, 'Redirect: network'],
    [8, 'Echo Request'],
    [11, 'Time Exceeded: TTL exceeded in transit'],
  ])('names ICMP type %i', (type, title) => {
    const view = viewBytes(h.ethernet(0x0800, h.ipv4(1, h.icmp(type, 0, [0, 0, 0, 0]))));
    expect(layer(view, 'icmp')).toMatchObject({ type, title });
  });

  it.each([
    [1, 'Destination Unreachable: no route'],
    [2, 'Packet Too Big'],
    [3, 'Time Exceeded: hop limit exceeded'],
    [4, 'Parameter Problem: erroneous header field'],
    [128, 'Echo Request'],
    [129, 'Echo Reply'],
    [133, 'Router Solicitation'],
    [134, 'Router Advertisement'],
    [135, 'Neighbor Solicitation'],
    [136, 'Neighbor Advertisement'],
    [137, 'Redirect'],
  ])('names ICMPv6 type %i', (type, title) => {
    const view = viewBytes(h.ethernet(0x86dd, h.ipv6(58, [type, 0, 0, 0, 0, 0, 0, 0])));
    expect(layer(view, 'icmpv6')).toMatchObject({ type, title });
  });

  it('shows identifier and sequence of echoes', () => {
    expect(layer(viewOf('icmp echo'), 'icmp')).toMatchObject({ identifier: 0x1234, sequence: 7 });
    expect(layer(viewOf('icmpv6 echo'), 'icmpv6')).toMatchObject({ identifier: 5, sequence: 6 });
  });

  it('decodes the packet that an error quotes, apart from the layers of the frame', () => {
    const view = viewOf('icmp unreachable');
    expect(names(view)).toEqual(['ethernet', 'ipv4', 'icmp']);
    const quoted = layer(view, 'icmp').quoted;
    expect(quoted?.layers).toMatchObject([
      { name: 'ipv4', source: '10.0.0.2', destination: '10.0.0.1' },
      { name: 'ports', protocol: 6, sourcePort: 40000, destinationPort: 443 },
    ]);
    expect(view.error).toBeNull();
  });

  it('reads the target and the link address of neighbour discovery', () => {
    expect(layer(viewOf('neighbor solicitation'), 'icmpv6')).toMatchObject({ target: '2001:db8::2', linkAddress: '02:00:00:00:00:0a' });
  });

  it('reads the group of IGMP, and of each record of version 3', () => {
    expect(layer(viewOf('ipv4 options'), 'igmp')).toMatchObject({ type: 0x16, group: '224.0.0.251' });
    const report = [0x22, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 1, 239, 1, 2, 3, ...h.IP_A, 4, 0, 0, 0, 239, 4, 5, 6];
    expect(layer(viewBytes(h.ethernet(0x0800, h.ipv4(2, report))), 'igmp').records).toEqual(['239.1.2.3', '239.4.5.6']);
  });
});

describe('tunnels', () => {
  const INNER = ['ipv4', 'tcp'];
  it.each([
    ['gre', ['gre', ...INNER]],
    ['nvgre', ['gre', 'ethernet', ...INNER]],
    ['erspan type II', ['gre', 'erspan', 'ethernet', ...INNER]],
    ['ip in ip', INNER],
    ['6in4', ['ipv6', 'udp']],
    ['vxlan', ['udp', 'tunnel', 'ethernet', ...INNER]],
    ['geneve', ['udp', 'tunnel', 'ethernet', ...INNER]],
    ['gtp-u', ['udp', 'tunnel', ...INNER]],
    ['gtp-u with extension', ['udp', 'tunnel', 'ipv6', 'udp']],
    ['teredo', ['udp', 'tunnel', 'ipv6', 'udp']],
    ['teredo with origin', ['udp', 'tunnel', 'ipv6', 'udp']],
    ['etherip', ['tunnel', 'ethernet', ...INNER]],
  ])('appends the layers inside %s', (name, inner) => {
    const view = viewOf(name);
    expect(names(view)).toEqual(['ethernet', 'ipv4', ...inner]);
    expect(view.payload.length).toBe('hello, weir'.length);
  });

  it.each([
    ['vxlan', 0x1234],
    ['geneve', 9],
    ['gtp-u', 0xcafe],
  ])('knows the network id of %s', (name, id) => {
    expect(layer(viewOf(name), 'tunnel').id).toBe(id);
  });

  it('leaves foreign bytes on a tunnel port alone', () => {
    const view = viewOf('not really vxlan');
    expect(names(view)).toEqual(['ethernet', 'ipv4', 'udp']);
    expect(view.error).toBeNull();
  });

  it.each(RARE_FRAMES)('finds the packet in $name', (frame) => {
    const view = viewPacket(frame.bytes, frame.linkType, frame.wireLength);
    expect(view.error).toBeNull();
    expect(names(view).at(-1)).toMatch(/^(tcp|udp)$/);
    expect(view.payload.length).toBe('hello, weir'.length);
  });

  it('bounds IP in IP', () => {
    let packet = h.ipv4(6, h.tcp());
    for (let depth = 0; depth < 30; depth++) packet = h.ipv4(4, packet);
    const view = viewBytes(h.ethernet(0x0800, packet));
    expect(view.layers.filter((candidate) => candidate.name === 'ipv4')).toHaveLength(9);
    expect(view.error).toMatchObject({ reason: 'too many layers' });
    expect(view.layers.length).toBeLessThanOrEqual(MAX_LAYERS);
  });
});

describe('damaged frames', () => {
  it('says what was needed, what was there, and why no more', () => {
    expect(viewOf('cut inside the tcp header').error).toEqual({
      layer: 'tcp',
      reason: 'truncated',
      required: 20,
      available: 10,
      limit: 'captured length',
      offset: 34,
    });
    const short = viewBytes(h.ethernet(0x0800, h.ipv4(6, h.tcp(), { totalLength: 30 })));
    expect(short.error).toMatchObject({ layer: 'tcp', available: 10, limit: 'IPv4 total length' });
  });

  it('keeps the ports of a cut transport header', () => {
    expect(layer(viewOf('cut inside the tcp header'), 'ports')).toMatchObject({ protocol: 6, sourcePort: 40000, destinationPort: 443 });
  });

  it('counts the payload by the IP length when the snaplen cut it', () => {
    expect(viewOf('cut behind the tcp header')).toMatchObject({ error: null, payload: { length: 1000, capturedLength: 6 } });
  });

  it('stops with an error at every length of every frame', () => {
    for (const { bytes, linkType, wireLength } of HAND_BUILT) {
      for (let length = 0; length < bytes.length; length++) {
        const view = viewPacket(bytes.subarray(0, length), linkType, wireLength);
        for (const { offset, length: size, name } of view.layers) {
          if (name !== 'tcp' && name !== 'dccp') expect(offset + size).toBeLessThanOrEqual(length);
        }
      }
    }
  });
});
