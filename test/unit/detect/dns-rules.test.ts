/** Rules on names: tunnels, names that do not exist, names drawn by lot. */
import { describe, expect, it } from 'vitest';
import { isIdentifier, isSearchNoise } from '../../../src/detect/name-shape.ts';
import { RegisteredDomains, subName } from '../../../src/detect/registered-domain.ts';
import { dga } from '../../../src/detect/rules/dga.ts';
import { dnsTunnel } from '../../../src/detect/rules/dns-tunnel.ts';
import { nxdomainBurst } from '../../../src/detect/rules/nxdomain-burst.ts';
import { dns, RuleRig, SECOND } from './rule-rig.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** `length` letters and digits that depend on `seed` only (Park and Miller's generator). */
function lot(seed: number, length: number, alphabet = ALPHABET): string {
  let state = seed * 7919 + 17;
  let text = '';
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647;
    text += alphabet[(state >>> 8) % alphabet.length];
  }
  return text;
}

const client = '10.0.0.5';
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const ask = (query: string, t: number, more: { qtype?: string; rcode?: string | null } = {}) => dns({ client, query, t, ...more });
const missing = (query: string, t: number) => ask(query, t, { rcode: 'NXDOMAIN' });

describe('dns_tunnel', () => {
  const name = (i: number, length = 30) => `${lot(i, length)}.bad.net`;

  it('needs 50 different names in the window', () => {
    const rig = new RuleRig(dnsTunnel).feed(...numbers(49).map((i) => ask(name(i), i)));
    rig.feed(ask(name(48), 49));
    expect(rig.findings).toEqual([]);
    rig.feed(ask(name(49), 49));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: client, target: 'bad.net', observed: { names: 50, length: 30 }, firstAt: 0 });
  });

  it('forgets a name that is exactly as old as the window', () => {
    const rest = numbers(48).map((i) => ask(name(i + 1), 30));
    const edge = (at: number) =>
      new RuleRig(dnsTunnel).feed(ask(name(0), 0), ...rest, dns({ client, query: name(99), at })).findings.length;
    expect(edge(60 * SECOND - 1)).toBe(1);
    expect(edge(60 * SECOND)).toBe(0);
  });

  it('needs a mean length of 30', () => {
    const feed = (length: number) => new RuleRig(dnsTunnel).feed(...numbers(60).map((i) => ask(name(i, length), i / 2))).findings.length;
    expect(feed(29)).toBe(0);
    expect(feed(30)).toBe(11);
  });

  it('finds fewer names that carry much', () => {
    const cargo = (i: number) => `${lot(i, 60)}.${lot(i + 500, 60)}.t.bad.net`;
    const rig = new RuleRig(dnsTunnel).feed(...numbers(16).map((i) => ask(cargo(i), 3 * i, { qtype: 'TXT' })));
    expect(rig.findings).toEqual([]);
    rig.feed(ask(cargo(16), 48, { qtype: 'TXT' }));
    expect(rig.findings[0]).toMatchObject({ threshold: { characters: 2048 }, observed: { qtype: 'TXT' } });
  });

  it('counts each client and each registered domain on its own', () => {
    const rig = new RuleRig(dnsTunnel);
    for (const i of numbers(98)) rig.feed(dns({ client: `10.0.0.${i % 2}`, query: name(i), t: i / 4 }));
    for (const i of numbers(98)) rig.feed(ask(`${lot(i, 35)}.d${i % 2}.co.uk`, 30 + i / 4));
    expect(rig.findings).toEqual([]);
  });

  it.each([
    ['a content network', (i: number) => `${lot(i, 24, '0123456789abcdef')}.cdn${i % 4}.some-cdn.com`],
    ['longer digests of a content network', (i: number) => `${lot(i, 40, '0123456789abcdef')}.cdn${i % 20}.some-cdn.com`],
    ['virus scanners', (i: number) => `${lot(i, 26)}.avqs.mcafee.com`],
    ['many short names', (i: number) => `host-${i}.pool.example-isp.net`],
    ['reverse names', (i: number) => `${lot(i, 32, '0123456789abcdef').split('').join('.')}.ip6.arpa`],
    ['block lists', (i: number) => `${lot(i, 32, '0123456789abcdef').split('').join('.')}.zen.some-list.org`],
    ['local services', (i: number) => `${lot(i, 40)}._airplay._tcp.local`],
  ])('leaves %s alone', (_, make) => {
    const rig = new RuleRig(dnsTunnel).feed(...numbers(400).map((i) => ask(make(i), i / 10)));
    expect(rig.findings).toEqual([]);
  });

  it('survives more domains than it can remember', () => {
    const rig = new RuleRig(dnsTunnel);
    for (const i of numbers(10_000)) rig.feed(ask(`${lot(i, 30)}.${lot(i, 12)}.com`, 0));
    rig.feed(...numbers(50).map((i) => ask(name(i), 1)));
    expect(rig.findings).toHaveLength(1);
  });
});

describe('nxdomain_burst', () => {
  const name = (i: number) => `${lot(i, 12)}.com`;

  it('needs 20 different names', () => {
    const rig = new RuleRig(nxdomainBurst).feed(...numbers(19).map((i) => missing(name(i), i)), missing(name(3), 20));
    expect(rig.findings).toEqual([]);
    rig.feed(missing(name(19), 21));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: client, observed: { names: 20, share: 1 }, firstAt: 0 });
  });

  it('forgets what is exactly as old as the window', () => {
    const rest = numbers(18).map((i) => missing(name(i + 1), 10));
    const edge = (at: number) =>
      new RuleRig(nxdomainBurst).feed(missing(name(0), 0), ...rest, dns({ client, query: name(99), rcode: 'NXDOMAIN', at })).findings
        .length;
    expect(edge(60 * SECOND - 1)).toBe(1);
    expect(edge(60 * SECOND)).toBe(0);
  });

  it('needs half of the answers', () => {
    const burst = (good: number) =>
      new RuleRig(nxdomainBurst).feed(
        ...numbers(good).map((i) => ask(`www.site${i}.com`, i / 10)),
        ...numbers(20).map((i) => missing(name(i), 10 + i)),
      ).findings.length;
    expect(burst(21)).toBe(0);
    expect(burst(20)).toBe(1);
  });

  it.each([
    ['probes of a browser', (i: number) => lot(i, 10, 'abcdefgh')],
    ['probes with a local suffix', (i: number) => `${lot(i, 10, 'abcdefgh')}.office.lan`],
    ['names behind a search suffix', (i: number) => `www.${lot(i, 8)}.com.corp.some-company.de`],
    ['mail block lists', (i: number) => `${i}.2.0.192.bl.some-list.org`],
    ['reverse names', (i: number) => `${i}.2.0.192.in-addr.arpa`],
  ])('leaves %s alone', (_, make) => {
    const rig = new RuleRig(nxdomainBurst).feed(...numbers(100).map((i) => missing(make(i), i / 4)));
    expect(rig.findings).toEqual([]);
  });

  it('does not count questions without an answer', () => {
    const rig = new RuleRig(nxdomainBurst).feed(...numbers(100).map((i) => ask(name(i), i / 4, { rcode: null })));
    expect(rig.findings).toEqual([]);
  });
});

describe('dga', () => {
  const drawn = (i: number) => `0e${lot(i, 3, 'bcdfghjk')}7t${lot(i + 50, 2, 'bcdfghjk')}6i3.com`;

  it('needs 5 generated domains that do not exist', () => {
    const rig = new RuleRig(dga).feed(...numbers(4).map((i) => missing(`www.${drawn(i)}`, i)), missing(`mail.${drawn(0)}`, 5));
    expect(rig.findings).toEqual([]);
    rig.feed(missing(drawn(4), 6));
    expect(rig.findings[0]).toMatchObject({ observed: { domains: 5, rcode: 'NXDOMAIN' }, threshold: { domains: 5 } });
  });

  it('needs 10 that exist', () => {
    const rig = new RuleRig(dga).feed(...numbers(9).map((i) => ask(drawn(i), i)));
    expect(rig.findings).toEqual([]);
    expect(rig.feed(ask(drawn(9), 10)).findings).toHaveLength(1);
  });

  it('forgets what is exactly as old as the window', () => {
    const rest = numbers(3).map((i) => missing(drawn(i + 1), 10));
    const edge = (at: number) =>
      new RuleRig(dga).feed(missing(drawn(0), 0), ...rest, dns({ client, query: drawn(9), rcode: 'NXDOMAIN', at })).findings.length;
    expect(edge(300 * SECOND - 1)).toBe(1);
    expect(edge(300 * SECOND)).toBe(0);
  });

  it('leaves a client alone that asks for many domains', () => {
    const rig = new RuleRig(dga);
    for (const i of numbers(100)) rig.feed(ask(`station${lot(i, 2)}.com`, i), ...(i % 8 === 0 ? [ask(drawn(i), i)] : []));
    expect(rig.findings).toEqual([]);
  });
});

describe('names', () => {
  it('knows what was registered', () => {
    const registered = new RegisteredDomains();
    const names = [
      'www.example.co.uk',
      'a.b.github.io',
      'x.in-addr.arpa',
      'printer.local',
      'localhost',
      'com',
      '10.0.0.1',
      '_dmarc.some.org',
      'a.b.corp',
    ];
    const domains = ['example.co.uk', 'github.io', null, null, null, null, null, 'some.org', null];
    expect(names.map((name) => registered.of(name))).toEqual(domains);
    expect(names.map((name) => registered.of(name))).toEqual(domains);
    expect(subName('a.b.some.org', 'some.org')).toBe('a.b');
    expect(subName('some.org', 'some.org')).toBe('');
  });

  it('tells an identifier from cargo', () => {
    expect(isIdentifier('d41d8cd98f00b204e9800998ecf8427e.cdn1', 'A')).toBe(true);
    expect(isIdentifier('123e4567-e89b-12d3-a456-426614174000.eu', 'AAAA')).toBe(true);
    expect(isIdentifier('d41d8cd98f00b204e9800998ecf8427e.cdn1', 'TXT')).toBe(false);
    expect(isIdentifier('d41d8cd98f00b204.e9800998ecf8427e', 'A')).toBe(false);
    expect(isIdentifier('www', 'A')).toBe(false);
  });

  it('knows a search suffix', () => {
    expect(isSearchNoise('www.example.com.corp.some.de', 'some.de')).toBe(true);
    expect(isSearchNoise('com.some.de', 'some.de')).toBe(false);
    expect(isSearchNoise('www.some.de', 'some.de')).toBe(false);
  });
});

describe('names under no tree that there is', () => {
  it('are one domain to dns_tunnel, as tunnels straight to a server need none', () => {
    const names = numbers(60).map((i) => ask(`dnscat.${lot(i, 40)}.${lot(i + 100, 8)}`, i / 2));
    const { findings } = new RuleRig(dnsTunnel).feed(...names);
    expect(findings[0]).toMatchObject({ source: client, target: '(no domain)' });
    const few = numbers(60).map((i) => ask(`printer-${i}.workgroup9`, i / 2));
    expect(new RuleRig(dnsTunnel).feed(...few).findings).toEqual([]);
  });
});
