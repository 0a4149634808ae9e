/** What a live capture shows of a link: the stats line of silent seconds, and directions that follow the host's addresses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureRun } from '../live/capture-run.ts';
import { liveUnavailable, type Network } from '../live/namespaces.ts';
import { silentLinks } from '../live/topology.ts';
import { replayFrames } from '../live/traffic.ts';
import { sleep, until } from '../support/command.ts';
import { udpFrame, writeCaptureFile } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const missing = liveUnavailable('tcpreplay');

describe.skipIf(missing !== null)(`a live capture${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    network = await silentLinks();
    folder = new TemporaryFolder('live-screen');
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('says every interval that a silent link is silent, with its drops', async () => {
    const run = await CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0', '--stats', '--stats-interval-ms', '200']);
    const lines = () => run.process.stdout.split('\n').filter((line) => line.startsWith('[stats] '));
    await until('five lines', () => lines().length >= 5, 8000);
    await run.stop();
    for (const line of lines().slice(0, 5))
      expect(line).toBe('[stats] 0.00 Mbps | 0 pps | 0 flows | drops=0 | kdrop=0 (total=0) ifdrop=0 (total=0)');
  });

  it("follows the host's addresses when they change", async () => {
    const [ours, theirs] = ['203.0.113.1', '198.51.100.7'];
    const send = async (sourcePort: number) => {
      const bytes = udpFrame({ source: theirs, destination: ours, sourcePort, destinationPort: 53, payload: 20 });
      writeCaptureFile(folder.file('one.pcap'), [{ timeUs: 1e15, bytes }]);
      await replayFrames(network, 'sender', 'tx0', folder.file('one.pcap'), ['--topspeed']);
    };
    const run = await CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0', '--flow-timeout-s', '1', '-f', 'udp port 53']);
    await send(1001);
    await until('the first flow', () => run.flowLines().length === 1, 8000);
    await network.address('sensor', 'rx0', `${ours}/24`);
    await sleep(2500);
    await send(1002);
    await until('the second flow', () => run.flowLines().length === 2, 8000);
    await run.stop();
    const shown = run.flowLines().map((flow) => [flow.endpoint_a.port, flow.direction]);
    expect(shown).toEqual([
      [1001, 'unknown'],
      [1002, 'inbound'],
    ]);
  });
});
