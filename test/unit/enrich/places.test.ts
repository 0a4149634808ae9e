import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../../src/enrich/package-file.ts';
import { Places } from '../../../src/enrich/places.ts';
import { writeMmdb } from '../../support/enrich/mmdb.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const hasPackage = packageFile('@ip-location-db/geo-whois-asn-country-mmdb', 'package.json') !== null;
const folder = new TemporaryFolder('places');
afterAll(() => folder[Symbol.dispose]());

const LOCAL = [
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.1.1',
  'fd00::1',
  'fe80::1',
  '::1',
  '::ffff:10.0.0.1',
];
const PUBLIC = ['172.15.255.255', '172.32.0.1', '100.128.0.1', '203.0.113.7', '2001:db8::1'];

describe('with databases', () => {
  let places: Places;
  beforeAll(async () => {
    writeMmdb(folder.file('country.mmdb'), {
      '203.0.113.0/24': { country: { iso_code: 'SE', names: { en: 'Sweden' } } },
      '198.51.100.0/24': { country_code: 'DE' },
      '192.0.2.0/24': { country: 'JP' },
      '2001:db8::/32': { country: { iso_code: 'NO' } },
    });
    writeMmdb(folder.file('asn.mmdb'), {
      '203.0.113.0/24': { autonomous_system_number: 64496, autonomous_system_organization: 'Example Net' },
      '192.0.2.0/24': { asn: 'AS64497', as_name: 'Other' },
      '198.51.100.0/24': { autonomous_system_number: 64498 },
    });
    places = await Places.open({ countryFile: folder.file('country.mmdb'), asnFile: folder.file('asn.mmdb') });
  });

  it('addresses have their country, in the layouts of all who make such databases', () => {
    expect(['203.0.113.7', '198.51.100.7', '192.0.2.7', '2001:db8::7', '::ffff:203.0.113.7'].map((ip) => places.country(ip))).toEqual([
      'SE',
      'DE',
      'JP',
      'NO',
      'SE',
    ]);
    expect(places.country('8.8.8.8')).toBeNull();
  });

  it('and their network', () => {
    expect(['203.0.113.7', '192.0.2.7', '198.51.100.7', '8.8.8.8', '10.0.0.1'].map((ip) => places.asn(ip))).toEqual([
      'AS64496 Example Net',
      'AS64497 Other',
      'AS64498',
      null,
      null,
    ]);
  });

  it('what is no address is nowhere', () => {
    for (const text of ['', 'example.org', '1.2.3', '::ffff:300.1.1.1', '1:2'])
      expect([places.country(text), places.asn(text)]).toEqual([null, null]);
  });

  it('one of the other address family has no answer', async () => {
    writeMmdb(folder.file('v4.mmdb'), { '203.0.113.0/24': { country_code: 'SE' } }, 4);
    const only = await Places.open({ countryFile: folder.file('v4.mmdb') });
    expect([only.country('203.0.113.7'), only.country('2001:db8::7')]).toEqual(['SE', null]);
  });
});

describe('without databases', () => {
  it.each(LOCAL)('%s is Local', async (ip) => {
    expect((await Places.open()).country(ip)).toBe('Local');
  });

  it.skipIf(hasPackage).each(PUBLIC)('%s is unknown', async (ip) => {
    const places = await Places.open();
    expect([places.country(ip), places.asn(ip)]).toEqual([null, null]);
  });
});

it.each(['missing.mmdb', 'text.mmdb'])('a database that cannot be opened (%s) is said to the one who named it', async (name) => {
  writeFileSync(folder.file('text.mmdb'), 'not a database');
  const path = folder.file(name);
  for (const files of [{ countryFile: path }, { asnFile: path }]) {
    await expect(Places.open(files)).rejects.toMatchObject({
      name: 'SensorError',
      code: 'CONFIG',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('.mmdb'),
    });
  }
});
