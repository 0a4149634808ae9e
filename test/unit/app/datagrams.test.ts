/** The parsers of small datagram protocols together: each knows its own exchange and no other's, whatever is cut off. */
import { describe, expect, it } from 'vitest';
import { bacnet } from '../../../src/app/bacnet.ts';
import { bfd } from '../../../src/app/bfd.ts';
import { capwap } from '../../../src/app/capwap.ts';
import { coap } from '../../../src/app/coap.ts';
import { dhcp } from '../../../src/app/dhcp.ts';
import { dhcpv6 } from '../../../src/app/dhcpv6.ts';
import { type DatagramDissector, Verdict } from '../../../src/app/dissector.ts';
import { dnsUdp } from '../../../src/app/dns.ts';
import { dropboxLan } from '../../../src/app/dropbox-lan.ts';
import { hsrp } from '../../../src/app/hsrp.ts';
import { kerberosUdp } from '../../../src/app/kerberos.ts';
import { ldapUdp } from '../../../src/app/ldap.ts';
import { ldpUdp } from '../../../src/app/ldp.ts';
import { llmnr } from '../../../src/app/llmnr.ts';
import { mdns } from '../../../src/app/mdns.ts';
import { natPmp } from '../../../src/app/nat-pmp.ts';
import { netbiosDgm } from '../../../src/app/netbios-dgm.ts';
import { netbiosNs } from '../../../src/app/netbios-ns.ts';
import { netflow } from '../../../src/app/netflow.ts';
import { ntp } from '../../../src/app/ntp.ts';
import { ptp } from '../../../src/app/ptp.ts';
import { radius } from '../../../src/app/radius.ts';
import { rip } from '../../../src/app/rip.ts';
import { rmcp } from '../../../src/app/rmcp.ts';
import { sflow } from '../../../src/app/sflow.ts';
import { slp } from '../../../src/app/slp.ts';
import { snmp } from '../../../src/app/snmp.ts';
import { tftp } from '../../../src/app/tftp.ts';
import { wsd } from '../../../src/app/wsd.ts';
import { xdmcp } from '../../../src/app/xdmcp.ts';
import { exchanges } from '../../support/app/datagrams.ts';
import { bytesOf, driveDatagrams, type Sent } from '../../support/app/drive.ts';
import { steadyDatagrams } from '../../support/app/steady.ts';

const parsers: Readonly<Record<string, DatagramDissector>> = {
  bacnet,
  bfd,
  capwap,
  coap,
  dhcp,
  dhcpv6,
  dnsUdp,
  dropboxLan,
  hsrp,
  kerberosUdp,
  ldapUdp,
  ldpUdp,
  llmnr,
  mdns,
  natPmp,
  netbiosDgm,
  netbiosNs,
  netflow,
  ntp,
  ptp,
  radius,
  rip,
  rmcp,
  sflow,
  slp,
  snmp,
  tftp,
  wsd,
  xdmcp,
};

/** Random bytes that are the same in every run. */
function* randomDatagrams(count: number): Generator<Uint8Array> {
  let seed = 12_345;
  const next = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 16;
  };
  for (let i = 0; i < count; i++) yield Uint8Array.from({ length: 1 + (next() % (i % 2 === 0 ? 64 : 600)) }, next);
}

describe.each(Object.keys(exchanges))('%s', (name) => {
  const parser = parsers[name];
  const sent = exchanges[name];

  it('knows its own exchange', () => {
    expect(steadyDatagrams(parser, sent)).toMatchObject({ verdict: Verdict.YES, confirmed: true });
  });

  it('refuses all others', () => {
    const claimed = Object.entries(exchanges).filter(
      ([other, decoy]) => other !== name && driveDatagrams(parser, decoy).verdict === Verdict.YES,
    );
    expect(claimed.map(([other]) => other)).toEqual([]);
  });

  it('reads whatever follows its own first datagram', () => {
    for (const bytes of randomDatagrams(50)) expect(() => driveDatagrams(parser, [...sent, [0, bytes], [1, bytes]])).not.toThrow();
    const first = bytesOf(sent[0][1]);
    for (let at = 0; at < first.length; at++) {
      for (const value of [0, 0x7f, 0xff]) driveDatagrams(parser, [sent[0], [sent[0][0], first.with(at, value)]]);
    }
  });
});

describe('random bytes', () => {
  it('are none of them', () => {
    const claimed: string[] = [];
    for (const bytes of randomDatagrams(3000)) {
      for (const [name, parser] of Object.entries(parsers)) {
        const ones: Sent[] = [
          [0, bytes],
          [1, bytes],
        ];
        if (driveDatagrams(parser, ones).verdict === Verdict.YES) claimed.push(name);
      }
    }
    expect(claimed).toEqual([]);
  });

  it('are none of them when they start as empty or constant', () => {
    for (const parser of Object.values(parsers)) {
      for (const fill of [0, 0x20, 0x41, 0xff]) {
        for (const length of [0, 1, 12, 48, 64, 500])
          expect(driveDatagrams(parser, [[0, new Uint8Array(length).fill(fill)]]).verdict).not.toBe(Verdict.YES);
      }
    }
  });
});
