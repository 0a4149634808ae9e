/** The decoder of DNS messages: names, records, EDNS, and what it refuses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DnsMessage, MessageReader } from '../../../src/app/dns-message.ts';
import { labelText, NameReader } from '../../../src/app/dns-names.ts';
import { shapeOf } from '../../../src/app/dns-shape.ts';
import { ANSWER, a, dnsMessage, dnsName, edns, FIRST_NAME, QUERY } from '../../support/app/dns.ts';
import { fromHex } from '../../support/app/drive.ts';
import { be, join, sized } from '../../support/app/steady.ts';

const read = (bytes: Uint8Array): DnsMessage => {
  const message = new MessageReader(new NameReader()).read(bytes, 0, bytes.length, true);
  if (message === null) throw new Error('no message');
  return message;
};

/** Text of the data of one answer. */
function dataOf(type: number, data: Uint8Array): string {
  const message = read(dnsMessage({ flags: 0x8180, questions: [['example.org', type]], answers: [[FIRST_NAME, type, 1, data]] }));
  expect(message.malformed).toBe(false);
  return message.answers[0].data;
}

describe('names', () => {
  const names = new NameReader();
  const nameAt = (bytes: Uint8Array, at = 0) => {
    names.over(bytes, 0, bytes.length);
    return names.read(at);
  };

  it('follows pointers backwards, and stands behind the first', () => {
    const bytes = join(dnsName('example.org'), 3, 'www', 0xc0, 0, 0xff);
    expect(nameAt(bytes, 13)).toBe('www.example.org');
    expect(names.next).toBe(19);
    expect(nameAt(dnsName(''))).toBe('.');
  });

  it('refuses loops, pointers forward, long names, broken labels', () => {
    expect(nameAt(fromHex('c000'))).toBeNull();
    expect(nameAt(fromHex('01 61 c000'))).toBeNull();
    expect(nameAt(fromHex('c002 c000'), 2)).toBeNull();
    expect(nameAt(fromHex('c002 0161 00'))).toBeNull();
    expect(nameAt(fromHex('40 61'))).toBeNull();
    expect(nameAt(fromHex('05 61'))).toBeNull();
    expect(nameAt(join(...Array.from({ length: 127 }, () => [1, 0x61]), 0))).toHaveLength(253);
    expect(nameAt(join(...Array.from({ length: 128 }, () => [1, 0x61]), 0))).toBeNull();
  });

  it('shows any bytes', () => {
    expect(labelText(Buffer.from('plain'))).toBe('plain');
    expect(labelText(Buffer.from('Büro\u2019s Drucker'))).toBe('Büro\u2019s Drucker');
    expect(labelText(Buffer.from('a.b\\c'))).toBe('a\\.b\\\\c');
    expect(labelText(Uint8Array.of(1, 0x7f, 0xff, 0x41))).toBe('\\001\\127\\255A');
    expect(labelText(Buffer.from('x\u202ey'))).toBe('x\\226\\128\\174y');
  });
});

describe('records', () => {
  it.each<[string, number, Uint8Array, string]>([
    ['A', 1, a('192.0.2.1'), '192.0.2.1'],
    ['NS', 2, FIRST_NAME, 'example.org'],
    [
      'SOA',
      6,
      join(FIRST_NAME, dnsName('root.example.org'), be(2024, 4), be(1, 4), be(2, 4), be(3, 4), be(4, 4)),
      'example.org root.example.org 2024 1 2 3 4',
    ],
    ['PTR', 12, dnsName('host.example.org'), 'host.example.org'],
    ['HINFO', 13, join(sized(1, 'RFC8482'), 0), '"RFC8482" ""'],
    ['MX', 15, join(be(10, 2), 4, 'mail', FIRST_NAME), '10 mail.example.org'],
    ['TXT', 16, join(sized(1, 'v=spf1 "x"'), sized(1, 'a.b')), '"v=spf1 \\"x\\"" "a.b"'],
    ['AAAA', 28, fromHex('20010db8 00000000 00000000 00000001'), '2001:db8::1'],
    ['SRV', 33, join(be(1, 2), be(2, 2), be(5060, 2), dnsName('sip.example.org')), '1 2 5060 sip.example.org'],
    [
      'NAPTR',
      35,
      join(be(1, 2), be(2, 2), sized(1, 's'), sized(1, 'SIP+D2U'), 0, dnsName('_sip._udp.example.org')),
      '1 2 "s" "SIP+D2U" "" _sip._udp.example.org',
    ],
    ['DNAME', 39, dnsName('new.example.org'), 'new.example.org'],
    ['DS', 43, join(be(60485, 2), 5, 1, fromHex('2bb183af')), '60485 5 1 2bb183af'],
    [
      'RRSIG',
      46,
      join(be(1, 2), 13, 2, be(3600, 4), be(1737849600, 4), be(1735257600, 4), be(12345, 2), dnsName('example.org'), 'sig'),
      'A 13 2 3600 20250126000000 20241227000000 12345 example.org c2ln',
    ],
    ['NSEC', 47, join(dnsName('host.example.org'), 0, 6, fromHex('400100000003')), 'host.example.org A MX RRSIG NSEC'],
    ['DNSKEY', 48, join(be(257, 2), 3, 13, 'key'), '257 3 13 a2V5'],
    ['NSEC3', 50, join(1, 1, be(12, 2), sized(1, fromHex('aabb')), sized(1, 'hello'), 0, 1, 0x40), '1 1 12 aabb d1imor3f A'],
    ['TLSA', 52, join(3, 1, 1, fromHex('d2abde24')), '3 1 1 d2abde24'],
    [
      'HTTPS',
      65,
      join(
        be(1, 2),
        0,
        be(1, 2),
        sized(2, sized(1, 'h2'), sized(1, 'h3')),
        be(3, 2),
        be(2, 2),
        be(8443, 2),
        be(4, 2),
        sized(2, a('192.0.2.1')),
      ),
      '1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1',
    ],
    ['EUI48', 108, fromHex('00005e005301'), '00-00-5e-00-53-01'],
    ['URI', 256, join(be(1, 2), be(2, 2), 'ftp://example.org/'), '1 2 "ftp://example.org/"'],
    ['CAA', 257, join(0, sized(1, 'issue'), 'ca.example.net'), '0 issue "ca.example.net"'],
    ['unknown', 65400, fromHex('abcdef'), '\\# 3 abcdef'],
  ])('%s', (_name, type, data, text) => {
    expect(dataOf(type, data)).toBe(text);
  });

  it('shows data that does not fit its type as bytes, and says so', () => {
    const message = read(
      dnsMessage({ flags: 0x8180, questions: [['a.example', 1]], answers: [[FIRST_NAME, 1, 1, fromHex('c0000201ff')]] }),
    );
    expect(message).toMatchObject({ malformed: true, answers: [{ data: '\\# 5 c0000201ff' }] });
  });

  it('keeps 64 records of a section and finds EDNS behind them', () => {
    const many = Array.from({ length: 100 }, () => [FIRST_NAME, 1, 1, a('192.0.2.1')] as const);
    const message = read(dnsMessage({ flags: 0x8180, questions: [['a.example', 1]], answers: many, additional: [edns(512, 0x01000000)] }));
    expect(message.answers).toHaveLength(64);
    expect(message).toMatchObject({ malformed: false, rcode: 16, edns: { udp_size: 512 } });
  });
});

describe('EDNS', () => {
  it('shows the client subnet of either family', () => {
    const option = (data: Uint8Array) =>
      read(dnsMessage({ questions: [['a.example', 1]], additional: [edns(1232, 0, join(be(8, 2), sized(2, data)))] }));
    expect(option(fromHex('0001 18 00 c00002')).edns?.client_subnet).toBe('192.0.2.0/24');
    expect(option(fromHex('0002 38 00 20010db8000000')).edns?.client_subnet).toBe('2001:db8::/56');
    expect(option(fromHex('0003 38 00 20')).edns?.client_subnet).toBeNull();
    expect(read(dnsMessage({ questions: [['a.example', 1]], additional: [edns(1232, 0, fromHex('00080099'))] })).malformed).toBe(true);
  });
});

describe('any bytes', () => {
  it('never throw, and what is cut is malformed', () => {
    for (let length = 12; length < ANSWER.length; length++) expect(read(ANSWER.subarray(0, length)).malformed).toBe(true);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(ANSWER.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (tail, at, patch) => {
          const mutated = join(ANSWER, tail);
          mutated.set(patch.subarray(0, mutated.length - at), at);
          read(mutated);
          shapeOf(mutated, 0, mutated.length);
          new MessageReader(new NameReader()).read(tail, 0, tail.length, true);
        },
      ),
    );
  });

  it('have the shape of a message only when all fields agree', () => {
    expect(shapeOf(QUERY, 0, QUERY.length)).toMatchObject({ whole: true, response: false, labels: 3 });
    fc.assert(fc.property(fc.uint8Array({ minLength: 17, maxLength: 600 }), (bytes) => shapeOf(bytes, 0, bytes.length)?.whole !== true));
  });
});
