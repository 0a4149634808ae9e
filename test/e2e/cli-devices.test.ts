/** `--devices-json`: the devices of a capture, the same whatever the number of shards. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { DeviceDetail } from '../../src/api/contract.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, runWeir } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));

it('--devices-json writes who was there, with addresses, traffic and peers', async () => {
  using folder = new TemporaryFolder('devices');
  const runs: DeviceDetail[][] = [];
  for (const shards of ['1', '3']) {
    const { code, stderr } = await runWeir([
      'replay',
      capture,
      '--quiet',
      '--shards',
      shards,
      '--devices-json',
      folder.file(`${shards}.json`),
    ]);
    expect([code, stderr]).toEqual([0, '']);
    runs.push(readJson<DeviceDetail[]>(folder.file(`${shards}.json`)));
  }
  expect(runs[1]).toEqual(runs[0]);
  const [first] = runs[0];
  expect(first).toMatchObject({ mac: '02:00:5e:00:00:01', kind: 'device', local_address: true, vendor: null });
  expect(first.ips).toContain('192.0.2.10');
  expect(first.peers.map(({ ip }) => ip)).toContain('192.0.2.20');
  const sent = runs[0].reduce((sum, { packets_out }) => sum + packets_out, 0);
  expect(sent).toBeGreaterThan(300);
});
