/** Talks with resolvers as real programs have them, over UDP; names are compressed as servers do it. */
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import type { ReadEvent, ReadFlow } from './native-readers.ts';
import { be, join, sized } from './steady.ts';

/** Writes one message. A name's tail that was written before becomes a pointer. */
export class Wire {
  bytes: number[] = [];
  private readonly seen = new Map<string, number>();

  put(...parts: Parameters<typeof join>): this {
    for (const byte of join(...parts)) this.bytes.push(byte);
    return this;
  }

  u16(value: number): this {
    return this.put(be(value, 2));
  }

  name(text: string): this {
    const labels = text === '' ? [] : text.split('.');
    for (let i = 0; i < labels.length; i++) {
      const tail = labels.slice(i).join('.').toLowerCase();
      const at = this.seen.get(tail);
      if (at !== undefined) return this.u16(0xc000 + at);
      if (this.bytes.length < 0x4000) this.seen.set(tail, this.bytes.length);
      this.put(labels[i].length, labels[i]);
    }
    return this.put(0);
  }
}

export type Data = (wire: Wire) => void;
export type Entry = readonly [name: string, type: number, ttl: number, data: Data, rclass?: number];

export interface Talk {
  id?: number;
  flags?: number;
  question: readonly [name: string, type: number, qclass?: number];
  answers?: readonly Entry[];
  authority?: readonly Entry[];
  additional?: readonly Entry[];
}

export function wireMessage({ id = 0x1234, flags = 0x0100, question, answers = [], authority = [], additional = [] }: Talk): Uint8Array {
  const wire = new Wire().u16(id).u16(flags).u16(1).u16(answers.length).u16(authority.length).u16(additional.length);
  const [asked, qtype, qclass = 1] = question;
  wire.name(asked).u16(qtype).u16(qclass);
  for (const [name, type, ttl, data, rclass = 1] of [...answers, ...authority, ...additional]) {
    wire.name(name).u16(type).u16(rclass).put(be(ttl, 4)).u16(0);
    const start = wire.bytes.length;
    data(wire);
    wire.bytes.splice(start - 2, 2, ...be(wire.bytes.length - start, 2));
  }
  return Uint8Array.from(wire.bytes);
}

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
export const raw =
  (...parts: Parameters<typeof join>): Data =>
  (wire) =>
    wire.put(...parts);
const ip = (address: string) => raw(address.split('.').map(Number));
const ip6 = (digits: string) => raw(hex(digits));
export const to =
  (name: string): Data =>
  (wire) =>
    wire.name(name);
const before =
  (head: Uint8Array, name: string): Data =>
  (wire) =>
    wire.put(head).name(name);
const soa =
  (server: string, mail: string): Data =>
  (wire) =>
    wire.name(server).name(mail).put(be(2_024_101_501, 4), be(7200, 4), be(900, 4), be(1_209_600, 4), be(300, 4));
export const text = (...strings: string[]): Data => raw(...strings.map((part) => sized(1, part)));
const service = (...numbers: number[]) => join(...numbers.map((number) => be(number, 2)));
const parameter = (key: number, ...value: Parameters<typeof join>) => join(be(key, 2), sized(2, ...value));
const signature =
  (covered: number, signer: string): Data =>
  (wire) => {
    wire.u16(covered).put(13, 2, be(300, 4), be(1_760_745_599, 4), be(1_759_536_000, 4)).u16(34_505);
    // Signers are never compressed.
    wire.put(...signer.split('.').map((label) => sized(1, label)), 0, new Uint8Array(64).fill(0xa7));
  };
export const opt = (size = 1232, ttl = 0, ...options: Parameters<typeof join>): Entry => ['', 41, ttl, raw(...options), size];

const DO = 0x8000;
const COOKIE = join(be(10, 2), sized(2, hex('0123456789abcdef')));
const SUBNET = join(be(8, 2), sized(2, hex('00011800c00002')));

let nextId = 0x4d01;

/** A query and its answer with the same id. */
export function asked(question: Talk['question'], answer: Omit<Talk, 'question'> = {}, query: Omit<Talk, 'question'> = {}): ReadEvent[] {
  const id = nextId++ & 0xffff;
  return [
    { side: CLIENT, bytes: wireMessage({ id, question, ...query }) },
    { side: SERVER, bytes: wireMessage({ id, flags: 0x8180, question, ...answer }) },
  ];
}

export const dnsFlow = (events: readonly ReadEvent[], clientPort = 51_234): ReadFlow => ({
  isTcp: false,
  clientPort,
  serverPort: 53,
  events,
  ended: true,
});

const edns = { additional: [opt()] };
const secured = { additional: [opt(1232, DO)] };

const addresses = asked(
  ['www.example.com', 1],
  { answers: [['www.example.com', 1, 86_400, ip('93.184.216.34')]], additional: [opt(512)] },
  { additional: [opt(1232, 0, COOKIE)] },
);
const addresses6 = asked(['www.example.com', 28], {
  answers: [
    '26062800022000010248189325c81946',
    '20010db8000000000000000000000001',
    '00000000000000000000ffffc0000207',
    '00000000000000000000000000000000',
  ]
    .concat([
      '20010000000000000db8000000000000',
      '20010db8000100020003000400050006',
      '00010000000200000003000000040000',
      'fe800000000000000000000000000000',
    ])
    .map((address): Entry => ['www.example.com', 28, 300, ip6(address)]),
});
const chain = asked(
  ['Play.Example.Com', 1],
  {
    answers: [
      ['Play.Example.Com', 5, 300, to('d1a2b3c4.cloudfront.net')],
      ['d1a2b3c4.cloudfront.net', 5, 60, to('edge.d1a2b3c4.cloudfront.net')],
      ['EDGE.d1a2b3c4.cloudfront.net', 1, 60, ip('192.0.2.7')],
      ['edge.d1a2b3c4.cloudfront.net', 1, 60, ip('192.0.2.8')],
      ['elsewhere.example', 1, 60, ip('192.0.2.9')],
    ],
    authority: [['d1a2b3c4.cloudfront.net', 2, 172_800, to('ns-130.awsdns-16.com')]],
    additional: [['ns-130.awsdns-16.com', 1, 172_800, ip('205.251.192.130')], opt()],
  },
  edns,
);
const backwards = asked(['a.example.net', 1], {
  answers: [
    ['d.example.net', 1, 60, ip('192.0.2.4')],
    ['c.example.net', 5, 60, to('d.example.net')],
    ['b.example.net', 5, 60, to('c.example.net')],
    ['a.example.net', 5, 60, to('b.example.net')],
  ],
});
const long = asked(['_dmarc.example.com', 16], {
  answers: [
    [
      '_dmarc.example.com',
      16,
      300,
      text('v=DMARC1; p=reject; rua=mailto:dmarc@example.com; say "hi"', '', 'x'.repeat(255), 'y'.repeat(200)),
    ],
  ],
});
const strings = ['v=spf1 include:_spf.example.com ~all', 'google-site-verification=bXlWZXJ5T3duVG9rZW4', 'MS=ms12345678'];
const texts = asked(['example.com', 16], { answers: strings.map((part): Entry => ['example.com', 16, 3600, text(part)]) }, edns);
const https = asked(
  ['cloudflare.example.com', 65],
  {
    answers: [
      [
        'cloudflare.example.com',
        65,
        300,
        raw(
          service(1),
          0,
          parameter(0, service(1, 4)),
          parameter(1, sized(1, 'h3'), sized(1, 'h2'), sized(1, 'http/1.1')),
          parameter(2),
          parameter(3, service(8443)),
          parameter(4, hex('6810846568108565')),
          parameter(5, new Uint8Array(71).fill(0xfe)),
          parameter(6, hex('2606470000000000000000006810846526064700000000000000000068108565')),
          parameter(7, '/dns-query{?dns}'),
          parameter(32_769, hex('00ff')),
        ),
      ],
    ],
  },
  edns,
);
const alias = asked(['svc.example.com', 64], { answers: [['svc.example.com', 64, 300, before(service(0), 'pool.svc.example.com')]] });
const reverse = asked(['4.3.2.1.in-addr.arpa', 12], { answers: [['4.3.2.1.in-addr.arpa', 12, 3600, to('host-1-2-3-4.example.net')]] });
const mail = asked(['example.com', 15], {
  answers: [
    ['example.com', 15, 3600, before(service(10), 'mx1.example.com')],
    ['example.com', 15, 3600, before(service(20), 'MX2.example.com')],
  ],
});
const located = asked(['_ldap._tcp.dc._msdcs.corp.example', 33], {
  flags: 0x8580,
  answers: [['_ldap._tcp.dc._msdcs.corp.example', 33, 600, before(service(0, 100, 389), 'dc01.corp.example')]],
  additional: [['dc01.corp.example', 1, 3600, ip('10.0.0.10')]],
});
const zone = asked(['example.org', 6], { answers: [['example.org', 6, 3600, soa('ns.icann.org', 'noc.dns.icann.org')]] });
const root = asked(['', 2], { answers: ['a', 'b'].map((letter): Entry => ['', 2, 518_400, to(`${letter}.root-servers.net`)]) }, edns);
const nothing = asked(
  ['nosuchhost.example.org', 1],
  { flags: 0x8183, authority: [['example.org', 6, 900, soa('ns.icann.org', 'noc.dns.icann.org')]], additional: [opt(1232)] },
  { additional: [opt(1232, 0, SUBNET)] },
);
const failed = asked(['broken.example.org', 28], { flags: 0x8182 });
const badVersion = asked(['example.org', 1], { additional: [opt(1232, 0x0100_0000)] }, edns);
const unknownRcode = asked(['example.org', 1], { flags: 0x818c, additional: [opt(4096, 0x3000_0000)] }, edns);
const signed = asked(
  ['example.org', 1],
  {
    flags: 0x81a0,
    answers: [
      ['example.org', 1, 300, ip('192.0.2.1')],
      ['example.org', 46, 300, signature(1, 'example.org')],
    ],
    ...secured,
  },
  secured,
);
const keys = asked(
  ['example.org', 48],
  {
    answers: [
      ['example.org', 48, 300, raw(be(257, 2), 3, 13, new Uint8Array(64).fill(0x5c))],
      ['example.org', 43, 60, raw(be(7, 2), 13, 2, 'd'.repeat(32))],
    ],
  },
  secured,
);
const authorities = asked(['example.org', 257], {
  answers: [['example.org', 257, 60, raw(0, sized(1, 'issue'), 'letsencrypt.org; x="1"')]],
});
const naptr: Data = (wire) => wire.put(service(100, 10), sized(1, 's'), sized(1, 'SIP+D2U'), sized(1, '')).name('_sip._udp.example.org');
const pointers = asked(['example.org', 35], { answers: [['example.org', 35, 60, naptr]] });
const minimal = asked(['example.org', 255], { answers: [['example.org', 13, 3789, text('RFC8482', '')]] });
const pinned = asked(['_25._tcp.mx.example.org', 52], { answers: [['_25._tcp.mx.example.org', 52, 60, raw(3, 1, 1, 'h'.repeat(32))]] });
const delegated = asked(['old.example.org', 1], {
  answers: [
    ['example.org', 39, 60, to('example.net')],
    ['old.example.org', 5, 0, to('old.example.net')],
    ['old.example.net', 1, 4_294_967_295, ip('0.0.0.255')],
  ],
});
const many: Entry[] = Array.from({ length: 40 }, (_, i) => ['pool.example.org', 1, 5, ip(`198.51.100.${i}`)]);
const large = asked(['pool.example.org', 1], { answers: many });
const largeEdns = asked(['pool.example.org', 1], { answers: many, additional: [opt()] }, edns);
const chaos = asked(['version.bind', 16, 3], { answers: [['version.bind', 16, 0, text('9.18.1'), 3]] });
const strange = asked(['what is*(this).example.org'.replaceAll(' ', ''), 1]);
const idn = asked(['xn--bcher-kva.example.de', 1], { answers: [['xn--bcher-kva.example.de', 1, 60, ip('192.0.2.3')]] });
const lot = asked(['www.0ejzht6i36wpdwk.com', 1], { flags: 0x8183 });
const tunnel = asked(['4k2jx9q7c1v8b3n6m5z0a9s8d7f6g5.h4j3k2l1q0w9e8r7t6y5u4i3o2p1.t.example.com', 16], { flags: 0x8183 });
const obsolete = asked(['example.org', 38], { flags: 0x8184 });
const unassigned = asked(['example.org', 280], { flags: 0x8184 });

export const DNS_FLOWS: Readonly<Record<string, ReadFlow>> = {
  addresses: dnsFlow(addresses),
  both: dnsFlow([addresses[0], addresses6[0], addresses6[1], addresses[1]]),
  chain: dnsFlow(chain),
  backwards: dnsFlow(backwards),
  repeated: dnsFlow([chain[0], chain[0], chain[1], chain[1], addresses[0], addresses[1]]),
  unanswered: dnsFlow([addresses[0], addresses[0]]),
  'only the answer': dnsFlow([chain[1]]),
  'the answer first': dnsFlow([chain[1], chain[0]]),
  'from port 53': dnsFlow(addresses, 53),
  other: dnsFlow([addresses[0], chain[1], lot[0], lot[1], addresses[1]]),
  'other risks': dnsFlow([addresses[0], addresses[1], large[0], large[1], strange[0], idn[0]]),
  'the second one fails': dnsFlow([...addresses, ...failed]),
  long: dnsFlow(long),
  texts: dnsFlow(texts),
  https: dnsFlow(https),
  alias: dnsFlow(alias),
  reverse: dnsFlow(reverse),
  mail: dnsFlow(mail),
  located: dnsFlow(located),
  zone: dnsFlow(zone),
  root: dnsFlow(root),
  'root and then': dnsFlow([...root, ...addresses]),
  nothing: dnsFlow(nothing),
  failed: dnsFlow(failed),
  badVersion: dnsFlow(badVersion),
  unknownRcode: dnsFlow(unknownRcode),
  signed: dnsFlow(signed),
  keys: dnsFlow(keys),
  authorities: dnsFlow(authorities),
  pointers: dnsFlow(pointers),
  minimal: dnsFlow(minimal),
  pinned: dnsFlow(pinned),
  delegated: dnsFlow(delegated),
  large: dnsFlow(large),
  largeEdns: dnsFlow(largeEdns),
  chaos: dnsFlow(chaos),
  strange: dnsFlow(strange),
  idn: dnsFlow(idn),
  lot: dnsFlow(lot),
  tunnel: dnsFlow(tunnel),
  obsolete: dnsFlow(obsolete),
  unassigned: dnsFlow(unassigned),
};
