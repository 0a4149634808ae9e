import { describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { FlowStream } from '../../../src/flow-stream.ts';

const record = (id: number) => ({ flow_id: String(id) }) as FlowRecord;
const ignore = () => {};

describe('flow stream', () => {
  it('delivers in order and ends', async () => {
    const stream = new FlowStream({}, ignore);
    void stream.push(record(1));
    void stream.push(record(2));
    stream.end(null);
    const seen: string[] = [];
    for await (const flow of stream) seen.push(flow.flow_id);
    expect(seen).toEqual(['1', '2']);
  });

  it('makes the sensor wait at the bound, until half of it is free', async () => {
    const stream = new FlowStream({ capacity: 2 }, ignore);
    expect(stream.push(record(1))).toBeUndefined();
    expect(stream.push(record(2))).toBeUndefined();
    const wait = stream.push(record(3));
    expect(wait).toBeInstanceOf(Promise);
    let released = false;
    void wait?.then(() => {
      released = true;
    });
    await stream.next();
    await Promise.resolve();
    expect(released).toBe(false);
    await stream.next();
    await wait;
    expect(released).toBe(true);
    expect(stream.dropped).toBe(0);
  });

  it('drops the oldest and counts it when told to', async () => {
    const stream = new FlowStream({ capacity: 2, overflow: 'drop-oldest' }, ignore);
    for (let id = 1; id <= 5; id++) expect(stream.push(record(id))).toBeUndefined();
    expect(stream.dropped).toBe(3);
    expect((await stream.next()).value?.flow_id).toBe('4');
  });

  it('ends when its signal is aborted, and frees a sensor that waits', async () => {
    const abort = new AbortController();
    let closed = 0;
    const stream = new FlowStream({ capacity: 1, signal: abort.signal }, () => closed++);
    void stream.push(record(1));
    const wait = stream.push(record(2));
    abort.abort();
    await wait;
    expect(closed).toBe(1);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  it('throws the failure of the run to a consumer that waits', async () => {
    const stream = new FlowStream({}, ignore);
    const next = stream.next();
    stream.end(new Error('source gone'));
    await expect(next).rejects.toThrow('source gone');
  });

  it('wakes a waiting consumer with the next record', async () => {
    const stream = new FlowStream({}, ignore);
    const next = stream.next();
    void stream.push(record(7));
    expect((await next).value?.flow_id).toBe('7');
  });
});
