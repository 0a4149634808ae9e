import { describe, expect, it } from 'vitest';
import { SensorError } from '../../../src/errors.ts';
import type { Addon } from '../../../src/native/engine.ts';
import { Processes } from '../../../src/sensor-processes.ts';
import { resolveOptions, type SensorInput } from '../../../src/sensor-settings.ts';

const machine = { processors: 2, memoryBytes: 2 ** 30 };
const never = () => {
  throw new Error('not asked for');
};

describe('naming processes', () => {
  it('is off by itself, and loads nothing then', async () => {
    const inputs: SensorInput[] = [{ kind: 'capture' }, { kind: 'replay', files: ['a.pcap'] }];
    for (const input of inputs) {
      expect(await Processes.open(resolveOptions({ input }, machine), never, never)).toBeNull();
    }
  });

  it('is refused, before anything runs, where the system cannot be asked', async () => {
    const options = resolveOptions({ input: { kind: 'capture', processes: true } }, machine);
    const windows = { openProcessLookup: () => null, listInterfaces: never } as unknown as Addon;
    const error = await Processes.open(options, () => windows, never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SensorError);
    expect(error).toMatchObject({ code: 'CONFIG', message: '--processes: naming processes needs Linux', hint: 'leave it out' });
  });
});
