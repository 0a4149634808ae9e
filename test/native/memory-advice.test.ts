import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/native/load.ts';

const LARGE = 16 << 20;

function mode(): string {
  try {
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8'))?.[1] ?? 'never';
  } catch {
    return 'never';
  }
}

describe('large pages behind random memory', () => {
  it.skipIf(mode() === 'never')(`are asked for where the system has them${mode() === 'never' ? ' (skipped: it has none)' : ''}`, () => {
    expect(loadAddon().preferHugePages(new Uint8Array(LARGE))).toBe(true);
  });

  it('are not asked for when no whole one fits', () => {
    expect(loadAddon().preferHugePages(new Uint8Array(4096))).toBe(false);
    expect(loadAddon().preferHugePages(new Uint8Array(0))).toBe(false);
  });

  it('are a matter of bytes', () => {
    expect(() => loadAddon().preferHugePages(new Int32Array(4) as unknown as Uint8Array)).toThrow('preferHugePages needs bytes');
  });
});

describe.runIf(process.platform === 'linux')('memory that nobody reads any more', () => {
  const residentMb = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

  it('is given back while its array still lives', () => {
    const memory = new Uint8Array(64 << 20).fill(1);
    const before = residentMb();
    expect(loadAddon().discardMemory(memory)).toBe(true);
    expect(before - residentMb()).toBeGreaterThan(32);
    expect(memory[memory.length >> 1]).toBe(0);
  });

  it('is a matter of bytes, and of whole pages', () => {
    expect(loadAddon().discardMemory(new Uint8Array(100))).toBe(false);
    expect(() => loadAddon().discardMemory(new Int32Array(4) as unknown as Uint8Array)).toThrow('discardMemory needs bytes');
  });
});
