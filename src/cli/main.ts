#!/usr/bin/env node
/**
 * The command's entry. It must be readable by any Node that knows modules, because its first job is to tell an old one
 * what is missing: no static import, no syntax younger than 2017.
 *
 * In a checkout the runtime that the lock file pins stands in node_modules; the command runs itself again with that
 * one. Inside somebody's node_modules, or installed globally, it runs with the Node that started it.
 */
const MINIMUM = [22, 18];

function isNewEnough(version: string): boolean {
  const parts = version.split('.').map(Number);
  return parts[0] > MINIMUM[0] || (parts[0] === MINIMUM[0] && parts[1] >= MINIMUM[1]);
}

function tooOld(): void {
  process.stderr.write(
    `weir: this is Node ${process.versions.node}, but weir needs Node ${MINIMUM.join('.')} or newer\n` +
      '  hint: install it from https://nodejs.org, or run `npm install` in a checkout of weir, which brings its own\n',
  );
  process.exitCode = 2;
}

/** The pinned runtime of a checkout when it exists and is not the one running, else null. Checkouts are not set up on Windows. */
async function pinnedRuntime(): Promise<string | null> {
  if (process.platform === 'win32') return null;
  const fs = await import('node:fs');
  const path = await import('node:path');
  const url = await import('node:url');
  const root = path.resolve(path.dirname(fs.realpathSync(url.fileURLToPath(import.meta.url))), '..', '..');
  if (root.split(path.sep).includes('node_modules')) return null;
  const runtime = path.join(root, 'node_modules', 'node', 'bin', 'node');
  if (!fs.existsSync(runtime)) return null;
  return fs.realpathSync(runtime) === fs.realpathSync(process.execPath) ? null : runtime;
}

/** True for a service whose memory nobody has bounded yet, where a program can become another one. */
function wantsMemoryBounds(): boolean {
  const given = process.execArgv.concat((process.env.NODE_OPTIONS || '').split(' '));
  if (given.some((option) => /^--max-(semi|old)-space-size/.test(option))) return false;
  return process.argv.slice(2).includes('serve') && process.platform !== 'win32' && typeof process.execve === 'function';
}

/** Becomes, or else runs, the same command under another runtime, with the same streams, signals and exit code. */
async function runWith(runtime: string): Promise<void> {
  const bounds = wantsMemoryBounds() ? (await import('./service-memory.ts')).SERVICE_MEMORY : [];
  const args = bounds.concat(process.execArgv, process.argv.slice(1));
  if (typeof process.execve === 'function') process.execve(runtime, [runtime].concat(args), process.env);
  const childProcess = await import('node:child_process');
  const os = await import('node:os');
  // Before the child is there: it may run, and be heard of, while this process still starts it. A listener is called
  // later than all of this in any case.
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  signals.forEach((signal) => {
    process.on(signal, () => child.kill(signal));
  });
  const child = childProcess.spawn(runtime, args, { stdio: 'inherit' });
  child.on('error', (error) => {
    process.stderr.write(`weir: ${runtime}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (os.constants.signals[signal || 'SIGKILL'] || 0) : code;
    // The listeners above would keep the parent alive although there is nothing left to wait for.
    process.exit();
  });
}

async function main(): Promise<void> {
  const runtime = await pinnedRuntime();
  if (runtime !== null) return runWith(runtime);
  if (!isNewEnough(process.versions.node)) return tooOld();
  if (wantsMemoryBounds()) return runWith(process.execPath);
  const program = await import('./program.ts');
  await program.main();
}

main().catch((error) => {
  if (!isNewEnough(process.versions.node)) return tooOld();
  process.stderr.write(`weir: ${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
