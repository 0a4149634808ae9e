/** The command under test: the built entry when there is one, else the sources; SENSOR_ENTRY overrides both. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CommandOptions, type CommandResult, runCommand, Started } from './command.ts';

const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const source = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export function weirEntry(): string {
  return process.env.SENSOR_ENTRY ?? (existsSync(built) ? built : source);
}

/** The environment without any setting of a sensor that the developer may have. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(WEIR|NG|AGENT)_/.test(name) && name !== 'NODE_OPTIONS');
  return { ...Object.fromEntries(entries), ...extra };
}

export interface WeirOptions extends CommandOptions {
  /** A module of `test/support/preload` that runs before the command. */
  preload?: string;
  /** The Node that runs it; this process' own by default. */
  node?: string;
}

/** Arguments of Node that load a module of `test/support/preload` before the command. */
export function preloading(name: string | undefined): string[] {
  return name === undefined ? [] : ['--import', new URL(`./preload/${name}.ts`, import.meta.url).href];
}

export function runWeir(args: string[], options: WeirOptions = {}): Promise<CommandResult> {
  const command = [...preloading(options.preload), weirEntry(), ...args];
  return runCommand(options.node ?? process.execPath, command, { ...options, env: cleanEnvironment(options.env) });
}

export function startWeir(args: string[], options: WeirOptions = {}): Started {
  const command = [...preloading(options.preload), weirEntry(), ...args];
  return new Started(options.node ?? process.execPath, command, { ...options, env: cleanEnvironment(options.env) });
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** The complete lines of a JSON Lines file; a last line without its end (a killed writer) is left out. */
export function readJsonLines<T>(path: string): T[] {
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
