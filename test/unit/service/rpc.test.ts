import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { SensorError } from '../../../src/errors.ts';
import { answer, Caller } from '../../../src/service/rpc.ts';

interface Sums {
  add(a: number, b: number): number;
  later(text: string): Promise<string>;
  fail(): void;
  file(): { file: Uint8Array; packets: number };
}

function pair(): { caller: Caller<Sums>; end: () => void } {
  const { port1, port2 } = new MessageChannel();
  answer<Sums>(port2, {
    add: (a, b) => a + b,
    later: async (text) => `${text}!`,
    fail: () => {
      throw new SensorError('FILTER', 'no such filter', { hint: 'another one' });
    },
    file: () => ({ file: Uint8Array.of(1, 2, 3), packets: 3 }),
  });
  return { caller: new Caller<Sums>(port1), end: () => port2.close() };
}

describe('questions between threads', () => {
  it('are answered, also those that take a while, each with its own answer', async () => {
    const { caller, end } = pair();
    expect(await Promise.all([caller.call('later', 'a'), caller.call('add', 1, 2), caller.call('later', 'b')])).toEqual(['a!', 3, 'b!']);
    expect(await caller.call('file')).toEqual({ file: Uint8Array.of(1, 2, 3), packets: 3 });
    end();
  });

  it('carry a SensorError with code and hint', async () => {
    const { caller, end } = pair();
    await expect(caller.call('fail')).rejects.toMatchObject({ code: 'FILTER', message: 'no such filter', hint: 'another one' });
    await expect(caller.call('constructor' as 'fail')).rejects.toThrow('there is no constructor');
    end();
  });

  it('fail for whoever still waits when the other side ends', async () => {
    const { port1, port2 } = new MessageChannel();
    const caller = new Caller<Sums>(port1);
    const waiting = caller.call('add', 1, 2);
    port2.close();
    await expect(waiting).rejects.toThrow('the other thread has ended');
    await expect(caller.call('add', 1, 2)).rejects.toThrow('the other thread has ended');
  });

  it('are refused beyond the bound instead of piling up', async () => {
    const { port1, port2 } = new MessageChannel();
    const caller = new Caller<Sums>(port1);
    const waiting = Array.from({ length: 1024 }, () => caller.call('add', 1, 2));
    for (const wait of waiting) wait.catch(() => {});
    await expect(caller.call('add', 1, 2)).rejects.toThrow('too many questions');
    port2.close();
    await Promise.allSettled(waiting);
  });
});
