import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../src/enrich/package-file.ts';
import { PortNames } from '../../../src/enrich/ports.ts';
import { Vendors } from '../../../src/enrich/vendor.ts';

describe('vendors', async () => {
  const vendors = await Vendors.load();

  it.each([
    ['b8:27:eb:01:02:03', 'Raspberry Pi Foundation'],
    ['B8-27-EB-01-02-03', 'Raspberry Pi Foundation'],
    ['b827.eb01.0203', 'Raspberry Pi Foundation'],
    ['00:0c:29:00:00:01', 'VMware, Inc.'],
  ])('%s is of %s', (mac, vendor) => expect(vendors.vendor(mac)).toBe(vendor));

  it('every prefix of the registry has the first line of its entry', async () => {
    const path = packageFile('oui-data', 'index.json');
    expect(path).not.toBeNull();
    const entries = JSON.parse(await readFile(path ?? '', 'utf8')) as Record<string, string>;
    const isGlobal = (prefix: string) => (Number.parseInt(prefix.slice(0, 2), 16) & 3) === 0;
    // Of those that are divided, the parts count.
    const whole = Object.entries(entries).filter(([prefix, text]) => isGlobal(prefix) && !text.startsWith('IEEE Registration'));
    const wrong = whole.filter(([prefix, text]) => vendors.vendor(prefix.padEnd(12, '0')) !== text.split('\n', 1)[0]);
    expect(wrong).toEqual([]);
    expect(whole.length).toBeGreaterThan(50_000);
  });

  it('the longest prefix counts', () => {
    // 8C:1F:64 is divided among owners of 36 bits, 28:2C:02 among owners of 28.
    const divided = ['8c:1f:64:00:00:01', '8c:1f:64:00:10:01', '28:2c:02:00:00:01', '28:2c:02:10:00:01'].map((mac) => vendors.vendor(mac));
    expect(divided).toEqual([
      'Suzhou Xingxiangyi Precision Manufacturing Co.,Ltd.',
      'HYFIX Spatial Intelligence',
      'SAKATA DENKI Co., Ltd.',
      'Astronics AES',
    ]);
    // A part without a known owner is not the registry's.
    expect(vendors.vendor('28:2c:02:f0:00:01')).toBeNull();
  });

  it.each(['02:11:22:33:44:55', 'da:a1:19:00:00:01', '01:00:5e:00:00:fb', 'ff:ff:ff:ff:ff:ff', '', 'b8:27:eb', 'not a mac'])(
    '%j has none',
    (mac) => {
      expect(vendors.vendor(mac)).toBeNull();
    },
  );
});

it('ports have the names of their services', async () => {
  const names = await PortNames.load();
  expect([names.service(443, 'tcp'), names.service(53, 'udp'), names.service(22, 'tcp')]).toEqual(['https', 'domain', 'ssh']);
  expect([names.service(0, 'tcp'), names.service(70_000, 'udp'), names.service(443, 'icmp')]).toEqual([null, null, null]);
});

it('packages that are not installed have no files', () => {
  expect(packageFile('no-such-package-anywhere', 'index.json')).toBeNull();
  expect(packageFile('oui-data', 'no-such-file')).toBeNull();
  expect(packageFile('oui-data', 'index.json')).toMatch(/index\.json$/);
});
