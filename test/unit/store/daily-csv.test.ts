import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PacketRow } from '../../../src/api/contract.ts';
import { DailyCsv } from '../../../src/store/daily-csv.ts';
import { alert, storedFlow } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let zone: string | undefined;

beforeEach(() => {
  folder = new TemporaryFolder('daily');
  zone = process.env.TZ;
  process.env.TZ = 'America/New_York';
});

afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  folder[Symbol.dispose]();
});

/** Midnight in New York at the beginning of 2026-03-08, the day of 23 hours. */
const MIDNIGHT = Date.UTC(2026, 2, 8, 5) / 1000;
const HOUR = 3600;

function packet(time: number, fields: Partial<PacketRow> = {}): PacketRow {
  return {
    ordinal: 1,
    time,
    interface: 'lan0',
    source: '10.0.0.1',
    destination: '10.0.0.2',
    protocol: 'UDP',
    length: 60,
    summary: '1 > 2',
    ...fields,
  };
}

const lines = (name: string): string[] => readFileSync(folder.file(name), 'utf8').trimEnd().split('\n');

test('a file per local day, each with its header, rows by their own time', async () => {
  const csv = DailyCsv.open(folder.path);
  csv.packet(packet(MIDNIGHT - 0.5));
  csv.packet(packet(MIDNIGHT));
  csv.packet(packet(MIDNIGHT - 1));
  csv.packet(packet(MIDNIGHT + 23 * HOUR - 0.001));
  csv.packet(packet(MIDNIGHT + 23 * HOUR));
  csv.flush();
  expect(readdirSync(folder.path).toSorted()).toEqual(['packets_20260307.csv', 'packets_20260308.csv', 'packets_20260309.csv']);
  expect(lines('packets_20260307.csv')).toHaveLength(3);
  expect(lines('packets_20260308.csv')).toEqual([
    'time,ordinal,interface,source,destination,protocol,length,summary',
    `${MIDNIGHT.toFixed(6)},1,lan0,10.0.0.1,10.0.0.2,UDP,60,1 > 2`,
    `${(MIDNIGHT + 23 * HOUR - 0.001).toFixed(6)},1,lan0,10.0.0.1,10.0.0.2,UDP,60,1 > 2`,
  ]);
  expect(lines('packets_20260309.csv')).toHaveLength(2);
  await csv.close();
  expect(readdirSync(folder.path)).toContain('packets_20260307.csv.gz');
});

test('a restart appends without a second header', async () => {
  for (let run = 0; run < 2; run++) {
    const csv = DailyCsv.open(folder.path);
    csv.alert(alert(run));
    csv.flow(storedFlow({ id: run }).line);
    csv.flow(storedFlow({ id: run, interim: 1 }).line);
    csv.flush();
    await csv.close();
  }
  const [flows] = readdirSync(folder.path).filter((name) => name.startsWith('flows'));
  const [alerts] = readdirSync(folder.path).filter((name) => name.startsWith('alerts'));
  expect(lines(flows)).toHaveLength(3);
  expect(lines(flows)[0]).toMatch(/^first_seen,last_seen,duration_secs,flow_id,/);
  expect(lines(flows)[1]).toContain('0000000000000000,');
  expect(lines(alerts)).toHaveLength(3);
  expect(lines(alerts)[2]).toContain('ports=1,ports=25');
});

test('cells from the wire are harmless in a spreadsheet', async () => {
  const csv = DailyCsv.open(folder.path);
  csv.packet(packet(MIDNIGHT, { summary: '=cmd|"/C calc"!A0', source: '@x', interface: null }));
  await csv.close();
  expect(lines('packets_20260308.csv')[1]).toContain(`,,'@x,10.0.0.2,UDP,60,"'=cmd|""/C calc""!A0"`);
});

test('old days are compressed, later rows of them join, and the oldest go', async () => {
  const day = 24 * HOUR;
  writeFileSync(folder.file('packets_notes.csv'), 'mine\n');
  for (let run = 0; run < 2; run++) {
    const csv = DailyCsv.open(folder.path, { days: 4 });
    for (let index = 0; index < 6; index++) {
      csv.packet(packet(MIDNIGHT + 12 * HOUR + index * day));
      csv.flush();
    }
    await csv.close();
  }
  expect(readdirSync(folder.path).toSorted()).toEqual([
    'packets_20260310.csv.gz',
    'packets_20260311.csv.gz',
    'packets_20260312.csv',
    'packets_20260313.csv',
    'packets_notes.csv',
  ]);
  const text = gunzipSync(readFileSync(folder.file('packets_20260311.csv.gz'))).toString();
  expect(text.trimEnd().split('\n')).toHaveLength(3);
  expect(execFileSync('zcat', [folder.file('packets_20260311.csv.gz')]).toString()).toBe(text);
});

test('a day whose compression was cut off is compressed the next time', async () => {
  writeFileSync(folder.file('packets_20260301.csv.closed'), 'header\nrow\n');
  writeFileSync(folder.file('packets_20260301.csv.gz.partial'), 'half');
  const csv = DailyCsv.open(folder.path);
  csv.packet(packet(MIDNIGHT));
  await csv.close();
  expect(readdirSync(folder.path).toSorted()).toEqual(['packets_20260301.csv.gz', 'packets_20260308.csv']);
  expect(gunzipSync(readFileSync(folder.file('packets_20260301.csv.gz'))).toString()).toBe('header\nrow\n');
});

test('a directory that is gone is reported once per flush, and written to when it is back', async () => {
  const directory = folder.file('days');
  mkdirSync(directory);
  const csv = DailyCsv.open(directory);
  rmSync(directory, { recursive: true });
  csv.packet(packet(MIDNIGHT));
  expect(() => csv.flush()).toThrow(expect.objectContaining({ code: 'OUTPUT' }));
  csv.flush();
  mkdirSync(directory);
  csv.packet(packet(MIDNIGHT + 1));
  csv.flush();
  await csv.close();
  expect(lines('days/packets_20260308.csv')).toHaveLength(2);
});

test('memory is bounded: rows go to the file before anybody flushes', async () => {
  const csv = DailyCsv.open(folder.path);
  for (let ordinal = 0; ordinal < 10_000; ordinal++) csv.packet(packet(MIDNIGHT, { ordinal, summary: 'x'.repeat(100) }));
  const early = readFileSync(folder.file('packets_20260308.csv')).length;
  expect(early).toBeGreaterThan(1_000_000);
  await csv.close();
  expect(lines('packets_20260308.csv')).toHaveLength(10_001);
});
