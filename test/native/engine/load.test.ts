/** Loading of the addon: what is wrong with the file is told with a hint, and once loaded the library stays. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { addonPath } from '../../../src/native/load.ts';
import { LAYOUT_VERSION, RECORD_BYTES } from '../../../src/ring/layout.ts';
import { missingCommands, mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const folder = new TemporaryFolder('load');
afterAll(() => folder[Symbol.dispose]());

function written(name: string, text: string): string {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
}

/** As much of an addon as is asked for its version. */
const pretended = (name: string, version: number, bytes: number) =>
  written(name, `module.exports = { layoutVersion: () => ${version}, recordBytes: () => ${bytes} };`);

describe('loadAddon()', () => {
  beforeEach(() => vi.resetModules());
  /** Of a module that has loaded nothing yet. */
  const load = async (path: string) => (await import('../../../src/native/load.ts')).loadAddon(path);

  it.each([
    ['a file that is not there', folder.file('nowhere.node'), /^cannot load .*nowhere\.node: Cannot find module/],
    ['a file that is no library', written('text.node', 'no library'), /^cannot load .*text\.node: .*(invalid ELF|too short|slice)/],
    ['an addon of another layout', pretended('layout.cjs', LAYOUT_VERSION + 1, RECORD_BYTES), /layout\.cjs was built from another version/],
    ['an addon of another record', pretended('record.cjs', LAYOUT_VERSION, RECORD_BYTES + 8), /record\.cjs was built from another version/],
  ])('refuses %s', async (_name, path, message) => {
    await expect(load(path)).rejects.toMatchObject({
      name: 'SensorError',
      code: 'ADDON',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('npm run build'),
      detail: { path },
    });
  });

  it('loads once', async () => {
    const path = pretended('good.cjs', LAYOUT_VERSION, RECORD_BYTES);
    const first = await load(path);
    expect(await load(folder.file('nowhere.node'))).toBe(first);
  });
});

describe.skipIf(process.platform !== 'linux')('the library', () => {
  // Its capture threads may be on their last instructions when the worker that owned them is gone.
  it('stays in the process when the only worker that loaded it has ended', async () => {
    const source = `
      const { Worker } = require('node:worker_threads');
      const mapped = () => require('node:fs').readFileSync('/proc/self/maps', 'utf8').includes(${JSON.stringify(addonPath())});
      const before = mapped();
      new Worker('require(' + ${JSON.stringify(JSON.stringify(addonPath()))} + ')', { eval: true }).once('exit', (code) => console.log(before, code, mapped()));`;
    const { stdout } = await mustRun(process.execPath, ['-e', source]);
    expect(stdout).toBe('false 0 true\n');
  });

  it.skipIf(missingCommands(['readelf']).length > 0)('asks for that itself, whatever the compiler', async () => {
    const { stdout } = await mustRun('readelf', ['--dynamic', addonPath()]);
    expect(stdout).toMatch(/FLAGS_1.*NODELETE/);
  });
});
