import { describe, expect, it } from 'vitest';
import { readEnvironment, unknownVariables } from '../../../src/config/environment.ts';
import { SensorError } from '../../../src/errors.ts';

function refusal(environment: Record<string, string>): SensorError {
  try {
    readEnvironment(environment);
  } catch (error) {
    if (error instanceof SensorError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('the environment', () => {
  it('names the variable whose value is wrong, with exit code 2', () => {
    const error = refusal({ WEIR_SNAPLEN: 'big' });
    expect(error.message).toBe('environment variable WEIR_SNAPLEN is "big", which is not a number');
    expect(error.exitCode).toBe(2);
    expect(refusal({ WEIR_QUIET: 'maybe' }).message).toContain('WEIR_QUIET is "maybe", but must be true or false');
    expect(refusal({ AGENT_SNAP_LEN: '-1' }).message).toContain('AGENT_SNAP_LEN is -1, but must be between');
  });

  it('splits lists at commas', () => {
    expect(readEnvironment({ WEIR_IFACE: 'eth0, eth1,' }).get('capture.interfaces')?.value).toEqual(['eth0', 'eth1']);
    expect(readEnvironment({ WEIR_FILES: 'a,b.pcap' }).get('replay.files')?.value).toEqual(['a,b.pcap']);
  });

  it('lets an empty variable disable a path and empty a text, and else do nothing', () => {
    expect(readEnvironment({ WEIR_EXPORT_JSON: '' }).get('output.export_json')?.value).toBeNull();
    expect(readEnvironment({ WEIR_FILTER: '' }).get('capture.filter')?.value).toBe('');
    expect(readEnvironment({ WEIR_SNAPLEN: '', WEIR_QUIET: '' }).size).toBe(0);
  });

  it('notices variables that nearly are ours', () => {
    const found = unknownVariables({ WEIR_SNAPLENGTH: '1', WEIR_CONFIG: 'x', WEIR_SNAPLEN: '96', OTHER: '1' });
    expect(found).toEqual([{ name: 'WEIR_SNAPLENGTH', nearest: 'WEIR_SNAPLEN' }]);
  });
});
