import { describe, expect, it } from 'vitest';
import type { Suppression } from '../../../src/config/options.ts';
import { AllowList } from '../../../src/detect/allow-list.ts';
import { SensorError } from '../../../src/errors.ts';

const KINDS = ['port_scan', 'syn_flood'];

const listOf = (...entries: Suppression[]): AllowList => AllowList.parse(entries, 'allow', KINDS, { 'allow.0.source': 'weir.toml:4:1' });

function refusal(...entries: Suppression[]): string[] {
  try {
    listOf(...entries);
  } catch (error) {
    if (error instanceof SensorError && error.code === 'CONFIG') return [error.message, error.hint ?? ''];
    throw error;
  }
  return ['accepted'];
}

describe('the allow list', () => {
  it.each<[string, string, boolean]>([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.1:443', true],
    ['10.0.0.1', '10.0.0.11', false],
    ['10.0.0.0/8', '10.255.0.1:80', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.1:443', '10.0.0.1:443', true],
    ['10.0.0.1:443', '10.0.0.1:80', false],
    ['10.0.0.1:443', '10.0.0.1', false],
    ['2001:db8::/32', '[2001:db8::1]:443', true],
    ['2001:db8::1', '2001:db8:0::1', true],
    ['2001:DB8::1', '2001:db8::1', true],
    ['[2001:db8::1]:53', '[2001:db8::1]:53', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['10.0.0.0/8', 'ten.example.com', false],
    ['example.com', 'example.com', true],
    ['Example.com', 'EXAMPLE.com:443', true],
    ['example.com', 'www.example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'a.b.example.com:443', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'badexample.com', false],
    ['02:00:00:00:00:01', '02:00:00:00:00:01', true],
    ['02:00:00:00:00:01', '02:00:00:00:00:02', false],
  ])('with %s and %s: %s', (pattern, text, expected) => {
    expect(listOf({ source: pattern }).matches('port_scan', text, null, 0)).toBe(expected);
    expect(listOf({ target: pattern }).matches('port_scan', null, text, 0)).toBe(expected);
  });

  it('wants everything that an entry names, of one entry', () => {
    const list = listOf({ rule: 'port_scan', source: '10.0.0.1', target: '10.0.0.2' }, { rule: 'syn_flood', source: '10.0.0.3' });
    expect(list.matches('port_scan', '10.0.0.1', '10.0.0.2', 0)).toBe(true);
    expect(list.matches('syn_flood', '10.0.0.1', '10.0.0.2', 0)).toBe(false);
    expect(list.matches('port_scan', '10.0.0.1', null, 0)).toBe(false);
    expect(list.matches('port_scan', '10.0.0.3', '10.0.0.2', 0)).toBe(false);
    expect(list.matches('syn_flood', '10.0.0.3', 'anything', 0)).toBe(true);
    expect(listOf().matches('port_scan', '10.0.0.1', '10.0.0.2', 0)).toBe(false);
  });

  it('covers its time, without the moment of its end', () => {
    const list = listOf({ rule: 'port_scan', from: 100, until: 200 });
    expect([99.999_999, 100, 199.999_999, 200].map((at) => list.matches('port_scan', 'a', 'b', at))).toEqual([false, true, true, false]);
  });

  it.each<[string, Suppression, string, RegExp]>([
    [
      'a text that is nothing',
      { source: '10.0.0/8' },
      'weir.toml:4:1: detect.allow.0.source is "10.0.0/8", which is no address, network or host name',
      /^write 10/,
    ],
    [
      'an address with a number too large',
      { target: '10.0.0.300' },
      'detect.allow.0.target is "10.0.0.300", which is no address, network or host name',
      /./,
    ],
    [
      'a broken IPv6 address',
      { target: '2001:db8:::1' },
      'detect.allow.0.target is "2001:db8:::1", which is no address, network or host name',
      /./,
    ],
    ['an unknown rule', { rule: 'prot_scan' }, 'detect.allow.0.rule is "prot_scan", which is no rule', /^did you mean port_scan\?$/],
    ['nothing at all', {}, 'detect.allow.0 matches everything', /--no-anomalies/],
    ['a time that runs backwards', { rule: 'port_scan', from: 5, until: 5 }, 'detect.allow.0 ends before it begins', /^$/],
  ])('refuses %s', (_name, entry, message, hint) => {
    const [said, hinted] = refusal(entry);
    expect(said).toBe(message);
    expect(hinted).toMatch(hint);
  });
});
