import { describe, expect, it } from 'vitest';
import { type SettingInForce, silencingTogether, silencingValue } from '../../../src/detect/silence.ts';

const ports: SettingInForce = { name: 'ports', value: 25, least: 2, most: 1024, unit: 'ports' };
const share: SettingInForce = { name: 'share', value: 0.5, least: 0, most: 1, unit: 'ratio' };
const hosts: SettingInForce = { name: 'hosts', value: 10, least: 2, most: 1024, unit: 'hosts' };

/** Fires while the value is one that `fires` says, and remembers what was tried. */
function watch(name: string, fires: (value: number) => boolean) {
  const tried: number[] = [];
  const stillFires = async (changes: Readonly<Record<string, number>>) => {
    tried.push(changes[name]);
    return fires(changes[name]);
  };
  return { tried, stillFires };
}

describe('the silencing value of a setting', () => {
  it.each([25, 26, 163, 511, 1022, 1023])('is the one above what was seen: %d', async (seen) => {
    expect(await silencingValue(ports, watch('ports', (value) => value <= seen).stillFires)).toBe(seen + 1);
  });

  it.each([2, 3, 17, 24])('may lie below the one in force: silent up to %d', async (silent) => {
    expect(await silencingValue(ports, watch('ports', (value) => value > silent).stillFires)).toBe(silent);
  });

  it('is looked for in thousandths where it is a share', async () => {
    expect(await silencingValue(share, watch('share', (value) => value <= 0.6667).stillFires)).toBe(0.667);
  });

  it('is the nearer one where there are two', async () => {
    expect(await silencingValue(ports, watch('ports', (value) => value > 20 && value < 400).stillFires)).toBe(20);
  });

  it('is null where no value silences, and never outside of the range', async () => {
    const { tried, stillFires } = watch('ports', () => true);
    expect(await silencingValue(ports, stillFires)).toBeNull();
    expect(Math.min(...tried)).toBe(2);
    expect(Math.max(...tried)).toBe(1024);
  });

  it('takes few runs, however wide the range is', async () => {
    const bytes: SettingInForce = { name: 'bytes', value: 1e6, least: 1, most: 1e12, unit: 'bytes' };
    const { tried, stillFires } = watch('bytes', (value) => value <= 123_456_789_012);
    expect(await silencingValue(bytes, stillFires)).toBe(123_456_789_013);
    expect(tried.length).toBeLessThan(90);
  });
});

describe('settings that silence together', () => {
  const either = async ({ ports: p = 25, hosts: h = 10 }: Readonly<Record<string, number>>) => p <= 80 || h <= 12;

  it('are each raised as little as the others allow', async () => {
    expect(await silencingTogether([ports, hosts], either)).toEqual({ ports: 81, hosts: 13 });
  });

  it('leave out what is not needed', async () => {
    const firesFor = async ({ ports: p = 25 }: Readonly<Record<string, number>>) => p <= 80;
    expect(await silencingTogether([ports, hosts], firesFor)).toEqual({ ports: 81 });
  });

  it('are null where even the highest do not do, or there is only one', async () => {
    expect(await silencingTogether([ports, hosts], async () => true)).toBeNull();
    expect(await silencingTogether([ports], either)).toBeNull();
  });
});
