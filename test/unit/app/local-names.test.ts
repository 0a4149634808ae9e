/** Names on the local network: multicast DNS, LLMNR, NetBIOS. */
import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { dnsUdp } from '../../../src/app/dns.ts';
import { llmnr } from '../../../src/app/llmnr.ts';
import { mdns } from '../../../src/app/mdns.ts';
import { netbiosDgm } from '../../../src/app/netbios-dgm.ts';
import { netbiosNameAt } from '../../../src/app/netbios-name.ts';
import { netbiosNs } from '../../../src/app/netbios-ns.ts';
import {
  browserAnnouncement,
  exchanges,
  LLMNR_ANSWER,
  LLMNR_QUERY,
  netbiosAnswer,
  netbiosName,
  netbiosQuery,
} from '../../support/app/datagrams.ts';
import { a, dnsMessage } from '../../support/app/dns.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';
import { be, join, sized, steadyDatagrams } from '../../support/app/steady.ts';

const MDNS_PORTS = { clientPort: 5353, serverPort: 5353 };
const LLMNR_PORTS = { clientPort: 50_000, serverPort: 5355 };

describe('multicast DNS', () => {
  it('logs questions and announcements apart, and learns from announcements', () => {
    const { facts, transactions } = driveDatagrams(mdns, exchanges.mdns);
    expect(facts.dns).toMatchObject({ query: '_ipp._tcp.local', type: 'PTR', rcode: 'NOERROR', queries: 1, responses: 1 });
    expect(facts.host).toBe('_ipp._tcp.local');
    expect(facts.learned).toEqual([{ address: '192.0.2.44', name: 'printer.local', ttl: 120 }]);
    expect(transactions).toMatchObject([
      { query: '_ipp._tcp.local', qclass: 'IN', rcode: null },
      { query: '', qtype: '', rcode: 'NOERROR', answers: [{ name: 'printer.local', data: '192.0.2.44' }] },
    ]);
  });

  it('takes the names that people give their machines', () => {
    const query = dnsMessage({ id: 0, flags: 0, questions: [['Büro Drucker._ipp._tcp.local', 33]] });
    const { facts } = driveDatagrams(mdns, [[0, query]]);
    expect(facts.dns?.query).toBe('Büro Drucker._ipp._tcp.local');
    expect([...facts.risks]).toEqual([]);
  });

  it('leaves resolvers alone, on its port too', () => {
    const recursive = dnsMessage({ questions: [['www.example.org', 1]] });
    expect(driveDatagrams(mdns, [[0, recursive]], MDNS_PORTS).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(dnsUdp, [[0, recursive]], MDNS_PORTS).verdict).toBe(Verdict.YES);
    const legacy = dnsMessage({ id: 9, flags: 0x0100, questions: [['host.local', 1]] });
    expect(driveDatagrams(mdns, [[0, legacy]], MDNS_PORTS).verdict).toBe(Verdict.YES);
    expect(driveDatagrams(dnsUdp, [[0, legacy]], MDNS_PORTS).verdict).toBe(Verdict.NO);
  });
});

describe('LLMNR', () => {
  it('needs its port, because nothing else tells it from DNS', () => {
    const driven = driveDatagrams(
      llmnr,
      [
        [0, LLMNR_QUERY],
        [1, LLMNR_ANSWER],
      ],
      LLMNR_PORTS,
    );
    expect(driven.facts.dns).toMatchObject({ query: 'fileserver', type: 'A', rcode: 'NOERROR' });
    expect(driven.facts.host).toBe('fileserver');
    expect(driven.facts.learned).toEqual([{ address: '192.0.2.9', name: 'fileserver', ttl: 30 }]);
    expect(driven.transactions).toHaveLength(1);
    expect(driveDatagrams(llmnr, [[0, LLMNR_QUERY]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(dnsUdp, [[0, LLMNR_QUERY]], LLMNR_PORTS).verdict).toBe(Verdict.NO);
  });
});

describe('NetBIOS name service', () => {
  it('decodes names', () => {
    // The name of the example in RFC 1001 section 14.1.
    const letters = 'FEGIGFCAEOGFHEECEJEPFDCAGOGBGNGF';
    expect(netbiosNameAt(join(32, letters, 0), 0, 34)).toEqual({ name: 'The NetBIOS nam', suffix: 0x65, next: 34 });
    expect(netbiosNameAt(join(32, letters.replace('F', 'Q'), 0), 0, 34)).toBeNull();
    expect(netbiosNameAt(join(32, letters, 3, 'NET', 0), 0, 38)?.next).toBe(38);
  });

  it('says who asks for whom', () => {
    const { facts } = steadyDatagrams(netbiosNs, [
      [0, netbiosQuery],
      [1, netbiosAnswer],
    ]);
    expect(facts.details.get('netbios')).toEqual({
      operation: 'query',
      name: 'FILESRV',
      service: 'file_server',
      result: 0,
      addresses: ['192.0.2.9'],
    });
    expect(facts.host).toBe('filesrv');
    expect(facts.learned).toEqual([{ address: '192.0.2.9', name: 'filesrv', ttl: 300 }]);
  });

  it('reads the names of a node', () => {
    const entry = (name: string, suffix: number, flags: number) => join(name.padEnd(15), suffix, be(flags, 2));
    const names = join(2, entry('OFFICE', 0, 0x8400), entry('GUNNAR', 0, 0x0400), fromHex('00005e005301'), new Uint8Array(40));
    const star = join(32, 'CK', 'A'.repeat(30), 0);
    const answer = join(be(1, 2), be(0x8400, 2), be(0, 2), be(1, 2), be(0, 4), star, be(0x21, 2), be(1, 2), be(0, 4), sized(2, names));
    const { facts } = driveDatagrams(netbiosNs, [[1, answer]]);
    expect(facts.details.get('netbios')).toMatchObject({ name: '*', names: ['OFFICE<00>', 'GUNNAR<00>'], mac: '00:00:5e:00:53:01' });
    expect(facts.host).toBe('gunnar');
  });

  it('is not DNS', () => {
    expect(driveDatagrams(dnsUdp, [[0, netbiosQuery]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(netbiosNs, [[1, netbiosQuery]]).verdict).toBe(Verdict.NO);
  });
});

describe('NetBIOS datagrams', () => {
  it('read the announcement of a host', () => {
    const { facts } = driveDatagrams(netbiosDgm, [[0, browserAnnouncement]]);
    expect(facts.details.get('netbios')).toEqual({
      datagram: 'direct_group',
      source_address: '192.0.2.9',
      name: 'FILESRV',
      service: 'file_server',
      destination: 'WORKGROUP',
      mailslot: '\\MAILSLOT\\BROWSE',
      browser: 'host_announcement',
      announced: 'FILESRV',
      os: '10.0',
      comment: 'files',
    });
    expect(facts.host).toBe('filesrv');
    expect([...facts.risks]).toEqual(['unsafe_protocol']);
  });

  it('know a query for a name', () => {
    const query = join(0x14, 0, be(1, 2), a('192.0.2.9'), be(138, 2), netbiosName('ANY', 0));
    expect(driveDatagrams(netbiosDgm, [[0, query]]).facts.details.get('netbios')).toMatchObject({ datagram: 'query_request' });
  });
});
