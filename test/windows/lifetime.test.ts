/** However a process ends that stands in the path of packets: the handle is closed, and the path is open. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson } from '../support/weir-command.ts';
import {
  cache,
  double,
  nodeProgram,
  prepare,
  readStats,
  realLibrary,
  startNode,
  startProgram,
  startWeirOnWindows,
  type WindowsProcess,
  writeScript,
  z,
} from './wine-session.ts';

const absent = prepare();
const folder = new TemporaryFolder('windows-lifetime');
afterAll(() => folder[Symbol.dispose]());

const demo = join(projectRoot, 'test/fixtures/demo.pcap');

/** An inline capture in a process that then ends as it is told. */
const program = `
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
const [end, library, started] = process.argv.slice(2);
const begin = async () => {
  const { Sensor } = await import(pathToFileURL(process.env.WEIR_PACKAGE + '\\\\dist\\\\index.js').href);
  const input = { kind: 'capture', active: true, windivertDll: library };
  const sensor = new Sensor({ input, tracking: { shards: 1, dpi: 'off' } });
  await sensor.start();
  writeFileSync(started, 'started');
};
const endings = {
  exit: () => process.exit(7),
  throw: () => { throw new Error('on purpose'); },
  stay: () => {},
};
if (!isMainThread) await begin();
else if (end === 'terminate') {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  const watch = setInterval(async () => {
    const { existsSync } = await import('node:fs');
    if (!existsSync(started)) return;
    clearInterval(watch);
    await worker.terminate();
    console.log('terminated');
  }, 20);
} else {
  await begin();
  setTimeout(endings[end], 300);
}
`;

interface Ending {
  process: WindowsProcess;
  lock: string;
  stats: string;
  started: string;
}

let starts = 0;

/** Each with files of its own: a second try must not find those of the first. */
function start(how: string): Ending {
  const end = `${how}-${++starts}`;
  const own = folder.file(end);
  const path = folder.file(`${end}.mjs`);
  const [lock, stats, started] = [folder.file(`${end}.lock`), folder.file(`${end}.stats`), folder.file(`${end}.started`)];
  writeFileSync(path, program);
  const process = startNode(own, '22.23.3', [z(path), how, z(double), z(started)], {
    WEIR_PACKAGE: z(join(cache, 'package')),
    DIVERT_SCRIPT: writeScript(folder.file(`${end}.script`), { pcap: demo, repeat: 100_000, pps: 5000, lock, stats }),
  });
  return { process, lock, stats, started };
}

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  for (const end = Date.now() + withinMs; !condition(); await wait(20)) {
    if (Date.now() > end) throw new Error('waited in vain');
  }
}

describe.skipIf(absent !== null)('the path of packets is open again', () => {
  it.each([
    ['exit', 7],
    ['throw', 1],
    ['terminate', 0],
  ])('after a process ends by %s: the handle was closed, everything delivered came back', async (end, code) => {
    const { process, lock, stats } = start(end);
    const { code: found, stdout, stderr } = await process.ended;
    expect([found, stderr.includes('on purpose'), stdout.includes('terminated')]).toEqual([code, end === 'throw', end === 'terminate']);
    const { closes, delivered, sent } = readStats(stats);
    expect([closes, sent]).toEqual([1, delivered]);
    expect(existsSync(lock)).toBe(false);
  });

  it('after the process is killed: the system closes its handle', async () => {
    const { process, lock, stats, started } = start('stay');
    await until(() => existsSync(started) && existsSync(lock), 30_000);
    process.child.kill('SIGKILL');
    await until(() => !existsSync(lock), 10_000);
    // Nothing of ours ran.
    expect(existsSync(stats)).toBe(false);
  });

  // Wine 8 delivers no Ctrl-Break.
  it('after Ctrl-C: a clean stop, with every flow exported', { timeout: 90_000 }, async () => {
    const event = '0';
    const own = folder.file(`event-${event}`);
    const [lock, stats] = [folder.file(`event-${event}.lock`), folder.file(`event-${event}.stats`)];
    const [flows, ledger, marker] = [
      folder.file(`event-${event}.json`),
      folder.file(`event-${event}.ledger`),
      folder.file(`event-${event}.now`),
    ];
    const weir = [nodeProgram('22.23.3'), z(join(cache, 'package/dist/cli/main.js')), 'capture', '--quiet', '--windivert-dll', z(double)];
    const args = [
      ...weir,
      '--active',
      '--shards',
      '1',
      '--dpi',
      'off',
      '--export-json',
      z(flows),
      '--ledger',
      z(ledger),
      '--assert-ledger',
    ];
    const process = startProgram(own, join(cache, 'double/console_event.exe'), [z(marker), event, z(join(own, 'weir.txt')), ...args], {
      DIVERT_SCRIPT: writeScript(folder.file(`event-${event}.script`), { pcap: demo, repeat: 100_000, pps: 5000, lock, stats }),
    });
    await until(() => existsSync(lock), 40_000);
    await wait(500);
    writeFileSync(marker, '');
    const { code } = await process.ended;
    expect(code).toBe(0);
    const { closes, delivered, sent } = readStats(stats);
    expect([closes, sent]).toEqual([1, delivered]);
    const total = readJson<{ packets_total: number; tunnel: { role: string } | null }[]>(flows)
      .filter(({ tunnel }) => tunnel?.role !== 'outer')
      .reduce((sum, { packets_total }) => sum + packets_total, 0);
    expect(total).toBe(delivered);
    expect(readJson<{ holds: boolean }>(ledger).holds).toBe(true);
  });

  it('the doctor says whether WinDivert can be opened', async () => {
    const doctor = (library: string) =>
      startWeirOnWindows(folder.file('doctor'), ['doctor', '--json'], {
        WEIR_WINDIVERT_DLL: z(library),
        DIVERT_SCRIPT: z(folder.file('nothing')),
      }).ended;
    const well = await doctor(double);
    expect([well.code, well.stderr]).toEqual([0, '']);
    expect(JSON.stringify(JSON.parse(well.stdout))).toContain('"check":"WinDivert","state":"ok"');
    // The real library, and Wine has no driver for it.
    const ill = await doctor(realLibrary);
    expect([ill.code, ill.stdout.includes('its driver cannot start')]).toEqual([1, true]);
  });

  it('a command that cannot open WinDivert ends with 3 and says what to do', async () => {
    const process = startWeirOnWindows(folder.file('refused'), ['capture', '--quiet', '--windivert-dll', z(double)], {
      DIVERT_SCRIPT: writeScript(folder.file('refused.script'), { 'open-error': 5 }),
    });
    const { code, stderr } = await process.ended;
    expect([code, stderr]).toEqual([3, expect.stringContaining('run as Administrator')]);
  });
});
