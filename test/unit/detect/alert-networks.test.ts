import { describe, expect, it } from 'vitest';
import { DEFAULT_INTERNAL_NETWORKS } from '../../../src/config/options.ts';
import { addressOf, Networks } from '../../../src/detect/networks.ts';

const address = (text: string): string => addressOf(text) ?? '';
const inside = (networks: readonly string[], text: string): boolean => Networks.parse(networks).contains(address(text));

describe('networks', () => {
  it.each([
    ['9.255.255.255', false],
    ['10.0.0.0', true],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['172.15.255.255', false],
    ['172.16.0.0', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.0.1', true],
    ['192.169.0.1', false],
    ['100.63.255.255', false],
    ['100.64.0.0', true],
    ['100.127.255.255', true],
    ['100.128.0.0', false],
    ['169.254.7.7', true],
    ['8.8.8.8', false],
    ['255.255.255.255', false],
    ['fbff::1', false],
    ['fc00::1', true],
    ['fdff:ffff::1', true],
    ['fe00::1', false],
    ['fe80::1', true],
    ['febf::1', true],
    ['fec0::1', false],
    ['2001:db8::1', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
  ])('of our own by default: %s is %s', (text, expected) => {
    expect(inside(DEFAULT_INTERNAL_NETWORKS, text)).toBe(expected);
  });

  it('have edges at every length', () => {
    expect(inside(['0.0.0.0/0'], '255.1.2.3')).toBe(true);
    expect(inside(['0.0.0.0/0'], '2001:db8::1')).toBe(false);
    expect(inside(['::/0'], '2001:db8::1')).toBe(true);
    expect(inside(['192.0.2.7'], '192.0.2.7')).toBe(true);
    expect(inside(['192.0.2.7'], '192.0.2.6')).toBe(false);
    expect(inside(['192.0.2.8/31'], '192.0.2.9')).toBe(true);
    expect(inside(['192.0.2.8/31'], '192.0.2.10')).toBe(false);
    expect(inside(['2001:db8::/33'], '2001:db8:7fff::1')).toBe(true);
    expect(inside(['2001:db8::/33'], '2001:db8:8000::1')).toBe(false);
    expect(inside(['2001:db8::1/128'], '2001:db8::2')).toBe(false);
    expect(inside(['10.1.2.3/8'], '10.200.0.1')).toBe(true);
    expect(inside([], '10.0.0.1')).toBe(false);
  });

  it('hold no address of another length', () => {
    expect(Networks.parse(['0.0.0.0/0', '::/0']).contains('abcde')).toBe(false);
    expect(Networks.parse(['0.0.0.0/0', '::/0']).contains('')).toBe(false);
  });

  it.each(['', '10.0.0/8', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'host', 'fe80::1%eth0/64', '10.0.0.256'])(
    'refuse %j',
    (text) => {
      expect(() => Networks.parse(['10.0.0.0/8', text], '--internal-network')).toThrow(
        `--internal-network: ${JSON.stringify(text)} is neither a network in CIDR notation nor an address`,
      );
      expect(Networks.of(text)).toBeNull();
    },
  );
});
