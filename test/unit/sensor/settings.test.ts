import { describe, expect, it } from 'vitest';
import { SensorError } from '../../../src/errors.ts';
import { hashKey, resolveOptions, type SensorSettings } from '../../../src/sensor-settings.ts';

const machine = { processors: 4, memoryBytes: 8 * 2 ** 30 };
const replay: SensorSettings = { input: { kind: 'replay', files: ['a.pcap'] } };
const resolve = (settings: Partial<SensorSettings> = {}) => resolveOptions({ ...replay, ...settings }, machine);

function refusal(settings: Partial<SensorSettings>): string {
  try {
    resolve(settings);
  } catch (error) {
    if (error instanceof SensorError && error.code === 'CONFIG') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('sensor settings', () => {
  it('fills in every default, and leaves a processor to the capture thread', () => {
    const options = resolve();
    expect(options.tracking).toMatchObject({ shards: 3, maxFlows: 500_000, activeTimeoutSecs: 300, tickMs: 1000 });
    expect(options.input).toEqual({ kind: 'replay', files: ['a.pcap'], speed: { mode: 'max' }, loop: 1 });
  });

  it('bounds the flow table by memory when no bound is given', () => {
    expect(resolve({ tracking: { maxFlows: 0 } }).tracking.maxFlows).toBe(Math.floor((8 * 2 ** 30 * 0.25) / 416));
  });

  it.each<[string, Partial<SensorSettings>, RegExp]>([
    ['rotation by halves', { output: { writePcap: 'x', writePcapRotateMb: 1 } }, /go together/],
    ['rotation of nothing', { output: { writePcapRotateMb: 1, writePcapMaxFiles: 2 } }, /without a capture file/],
    ['no file', { input: { kind: 'replay', files: [] } }, /no capture file/],
    ['standard input twice', { input: { kind: 'replay', files: ['-', '-'] } }, /only once/],
    ['a negative snaplen', { snaplen: -1 }, /snaplen is -1/],
    ['not a number', { count: Number.NaN }, /count is NaN/],
    ['a smaller MSS where nothing is put back', { input: { kind: 'capture', clampMssBytes: 1300 } }, /only an inline capture can change/],
    ['an MSS that no host needs', { input: { kind: 'capture', active: true, clampMssBytes: 535 } }, /clampMssBytes is 535/],
    ['an MSS beyond its field', { input: { kind: 'capture', active: true, clampMssBytes: 65_536 } }, /clampMssBytes is 65536/],
    ['too many shards', { tracking: { shards: 65 } }, /shards is 65/],
  ])('refuses %s', (_name, settings, message) => {
    expect(refusal(settings)).toMatch(message);
  });

  it('fixes the hash key in replay and by seed, and draws it live', () => {
    expect(hashKey(resolve())).toEqual(hashKey(resolve()));
    expect(hashKey(resolve({ tracking: { seed: 7 } }))).not.toEqual(hashKey(resolve()));
    const live: SensorSettings = { input: { kind: 'capture', interfaces: ['lo'] } };
    expect(hashKey(resolveOptions(live, machine))).not.toEqual(hashKey(resolveOptions(live, machine)));
  });
});
