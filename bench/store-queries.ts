/**
 * Fills a store with flows and times the queries of every page:
 *
 *   node bench/store-queries.ts [--flows 5000000] [--directory DIR]
 *
 * With a directory it is kept, and not filled again when it is there. Exit 1 when a query reads the whole table of flows, or
 * the page of a device takes 100 ms or more.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fillStore, reportQueries } from './store-history.ts';

const MOST_DEVICE_MS = 100;

const { values: flags } = parseArgs({ options: { flows: { type: 'string', default: '5000000' }, directory: { type: 'string' } } });
const count = Number(flags.flows);
const directory = flags.directory ?? mkdtempSync(join(tmpdir(), 'weir-bench-store-'));
const database = join(directory, 'weir.db');
const tell = (line: string) => process.stdout.write(`${line}\n`);
try {
  if (!existsSync(database)) tell(`${fillStore(directory, count, tell)} rows per processor second over all`);
  tell(`${Math.round(statSync(database).size / count)} bytes per flow`);
  for (const { name, milliseconds, scans } of reportQueries(directory, count)) {
    tell(`${milliseconds.toFixed(1).padStart(8)} ms  ${name}${scans.length > 0 ? `  reads it all: ${scans.join('; ')}` : ''}`);
    if (scans.length > 0 || (name === 'device' && milliseconds >= MOST_DEVICE_MS)) process.exitCode = 1;
  }
} finally {
  if (flags.directory === undefined) rmSync(directory, { recursive: true, force: true });
}
