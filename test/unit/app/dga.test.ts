/** The two judgements on names: drawn by lot, and carrying cargo. */
import { describe, expect, it } from 'vitest';
import { looksGenerated, registeredLabel } from '../../../src/app/dga.ts';
import { looksTunnelled } from '../../../src/app/dns-tunnel.ts';

describe('generated names', () => {
  it.each(['0ejzht6i36wpdwk.com', 'www.qvxkzjwpmhbtrd.com', '4hzaht3wek9.biz', 'xkqjzvbwmfhd.info', '1ytkx0fmlis.co.uk'])(
    'finds %s',
    (name) => {
      expect(looksGenerated(name)).toBe(true);
    },
  );

  it.each([
    'www.google.com',
    'd3g0gp89917ko0.cloudfront.net',
    'a248.e.akamai.net',
    'e6858.dsce9.akamaiedge.net',
    'r3---sn-4g5edne7.googlevideo.com',
    '04b03098960858326e2fe38b.cdn3.example-cdn.com',
    'ec2-52-17-5-3.eu-west-1.compute.amazonaws.com',
    'googlesyndication.com',
    'rechtsschutzversicherung.de',
    'krzysztofkrawczyk.pl',
    'hrvatskitelekom.hr',
    'huanqiuzhixing.cn',
    'schwarzkopf.de',
    'crwdcntrl.net',
    'msftconnecttest.com',
    'w3schools.com',
    '1e100.net',
    '4.3.2.1.in-addr.arpa',
    'xkqjzvbwmfhd.local',
    'xn--mgbh0fb.example',
    'localhost',
    '',
  ])('leaves %s alone', (name) => {
    expect(looksGenerated(name)).toBe(false);
  });

  it('judges the label that was registered', () => {
    expect(registeredLabel('www.example.co.uk')).toBe('example');
    expect(registeredLabel('WWW.Example.ORG.')).toBe('example');
    expect(registeredLabel('co.uk')).toBe('co');
    expect(registeredLabel('org')).toBeNull();
  });
});

describe('names with cargo', () => {
  it('adds up long random labels', () => {
    const cargo = 'kq2x8v0wz7jh4m1p9t3b6n5c';
    expect(looksTunnelled(`${cargo}${cargo}x.t.example.org`)).toBe(true);
    expect(looksTunnelled(`${cargo}.${cargo}r.t.example.org`)).toBe(true);
    expect(looksTunnelled(`${cargo}.${cargo}.t.example.org`)).toBe(false);
  });

  it('leaves hashes, reverse names and words alone', () => {
    expect(looksTunnelled('d41d8cd98f00b204e9800998ecf8427e.safeframe.example.com')).toBe(false);
    expect(looksTunnelled('b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa')).toBe(false);
    expect(looksTunnelled(`${'a'.repeat(60)}.example.org`)).toBe(false);
    expect(looksTunnelled('an-ordinary-name-that-somebody-made-rather-long-for-no-reason.example.org')).toBe(false);
  });
});
