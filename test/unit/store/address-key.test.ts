import { expect, test } from 'vitest';
import { addressKey, addressRange, isGroupMac, macOf, networkOf } from '../../../src/store/address-key.ts';

test('IPv4 is a number, IPv6 its bytes', () => {
  expect(addressKey('10.0.0.255')).toBe(0x0a0000ff);
  expect(addressKey('255.255.255.255')).toBe(0xffffffff);
  expect(addressKey('2001:db8::1')).toEqual(Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
  expect(addressKey('::ffff:10.0.0.1')).toHaveLength(16);
  for (const text of ['nowhere', '', '1.2.3', '1.2.3.4.5', '1..2.3', '.1.2.3', '1.2.3.', '1.2.3.256', '1.2.3.-4', '1 .2.3.4'])
    expect(addressKey(text)).toBeNull();
});

test('a network is a range', () => {
  expect(addressRange('10.1.2.3/8')).toEqual({ low: 0x0a000000, high: 0x0affffff, exact: false });
  expect(addressRange('10.1.2.3')).toEqual({ low: 0x0a010203, high: 0x0a010203, exact: true });
  expect(addressRange('0.0.0.0/0')).toEqual({ low: 0, high: 0xffffffff, exact: false });
  expect(addressRange('10.1.2.3/31')).toEqual({ low: 0x0a010202, high: 0x0a010203, exact: false });
  const range = addressRange('2001:db8::/33');
  expect(range?.low).toEqual(addressKey('2001:db8::'));
  expect(range?.high).toEqual(addressKey('2001:db8:7fff:ffff:ffff:ffff:ffff:ffff'));
});

test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '/8', '10.0.0', '', 'example.com'])(
  '%j is no network',
  (text) => {
    expect(addressRange(text)).toBeNull();
  },
);

test('the network around an address', () => {
  expect(networkOf('10.1.2.3')).toBe('10.1.2.0/24');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('?')).toBe('?');
});

test('a MAC in any spelling', () => {
  for (const text of ['AA:BB:CC:00:11:22', 'aa-bb-cc-00-11-22', 'aabb.cc00.1122', 'aabbcc001122'])
    expect(macOf(text)).toBe('aa:bb:cc:00:11:22');
  for (const text of ['aa:bb:cc:00:11', 'aa:bb:cc:00:11:2g', '']) expect(macOf(text)).toBeNull();
  expect(isGroupMac('ff:ff:ff:ff:ff:ff')).toBe(true);
  expect(isGroupMac('33:33:00:00:00:01')).toBe(true);
  expect(isGroupMac('02:00:00:00:00:01')).toBe(false);
});
