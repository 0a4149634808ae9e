/** The temporary folder of a service without --data-dir: it goes however the service ends, short of being killed. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));

it('weir serve leaves no temporary folder, whether it ran or was refused', async () => {
  using folder = new TemporaryFolder('tmpdir');
  const env = { TMPDIR: folder.path };
  await using run = await ServeRun.start(['--replay', capture], { env });
  expect(readdirSync(folder.path)).toHaveLength(1);
  expect((await run.stop()).code).toBe(0);
  expect(readdirSync(folder.path)).toEqual([]);
  const refused = [
    ['--user', 'nobody-here', '--replay', capture],
    ['--replay', '/nowhere.pcap'],
    ['--replay', capture, '--country-db', '/nowhere.mmdb'],
    ['--replay', capture, '--ws-port', '0', '--filter', 'udp prt 1'],
  ];
  for (const args of refused) {
    const { code } = await runWeir(['serve', '--port', '0', ...args], { env });
    expect([args, code]).not.toEqual([args, 0]);
    expect([args, readdirSync(folder.path)]).toEqual([args, []]);
  }
});
