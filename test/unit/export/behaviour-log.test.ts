import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BehaviourRecord } from '../../../src/detect/behaviour.ts';
import { BehaviourLog } from '../../../src/export/behaviour-log.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const record = (ts: number): BehaviourRecord => ({
  ts,
  window_secs: 600,
  host_ip: '10.0.0.1',
  unique_dest_ips: 3,
  unique_dest_ports: 2,
  port_entropy: 0.562335,
  country_frequency: null,
  flow_duration_variance: null,
  total_outbound_bytes: 1234,
  total_flows: 4,
  estimated: false,
  partial: false,
});

const linesOf = (path: string): BehaviourRecord[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as BehaviourRecord);

describe('the behaviour log', () => {
  it('is one line per record, in the order of its fields', async () => {
    using folder = new TemporaryFolder('behaviour');
    const path = folder.file('behaviour.jsonl');
    const log = await BehaviourLog.open(path);
    await log.write([record(600)]);
    await log.close();
    expect(readFileSync(path, 'utf8')).toBe(
      '{"ts":600,"window_secs":600,"host_ip":"10.0.0.1","unique_dest_ips":3,"unique_dest_ports":2,"port_entropy":0.562335,' +
        '"country_frequency":null,"flow_duration_variance":null,"total_outbound_bytes":1234,"total_flows":4,"estimated":false,' +
        '"partial":false}\n',
    );
  });

  it('has a window in the file when it has been written, before the end', async () => {
    using folder = new TemporaryFolder('behaviour');
    const path = folder.file('behaviour.jsonl');
    const log = await BehaviourLog.open(path);
    await log.write([record(0), record(600)]);
    expect(linesOf(path).map(({ ts }) => ts)).toEqual([0, 600]);
    await log.write([]);
    await log.write([record(1200)]);
    expect(linesOf(path).map(({ ts }) => ts)).toEqual([0, 600, 1200]);
    await log.close();
    expect(linesOf(path)).toHaveLength(3);
  });

  it('holds windows of many hosts whole and in order', async () => {
    using folder = new TemporaryFolder('behaviour');
    const path = folder.file('behaviour.jsonl');
    const log = await BehaviourLog.open(path);
    const records = Array.from({ length: 3000 }, (_, i) => record(i));
    await log.write(records);
    expect(linesOf(path)).toEqual(records);
    await log.abort();
  });

  it('is empty when there was nothing to tell, whatever stood there before', async () => {
    using folder = new TemporaryFolder('behaviour');
    const path = folder.file('behaviour.jsonl');
    writeFileSync(path, 'before');
    const log = await BehaviourLog.open(path);
    await log.close();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('refuses a path that cannot be written', async () => {
    using folder = new TemporaryFolder('behaviour');
    await expect(BehaviourLog.open(folder.file('none/behaviour.jsonl'))).rejects.toMatchObject({ code: 'OUTPUT' });
    await expect(BehaviourLog.open(folder.path)).rejects.toMatchObject({ code: 'OUTPUT', detail: { errno: 'EISDIR' } });
  });

  it.skipIf(!existsSync('/dev/full'))('tells a full disk once, at its end', async () => {
    const log = await BehaviourLog.open('/dev/full');
    await log.write([record(0)]);
    const { failure } = log;
    expect(failure).toMatchObject({ code: 'OUTPUT', detail: { path: '/dev/full', errno: 'ENOSPC' } });
    await log.write([record(600)]);
    expect(log.failure).toBe(failure);
    await expect(log.close()).rejects.toBe(failure);
  });
});
