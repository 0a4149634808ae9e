import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/flow/record.ts';
import { sleep } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { CaptureRun } from './capture-run.ts';
import { useServices } from './clients.ts';
import { liveUnavailable, type Network } from './namespaces.ts';
import { addConversation, type Conversations, captureTotals, NO_CHATTER, startTcpdump, tsharkConversations } from './referee.ts';
import { CLIENT_COMMANDS, SERVICE_COMMANDS, startServices } from './services.ts';
import { CLIENT, mirroredNetwork, SERVER } from './topology.ts';

const missing = liveUnavailable('tcpdump', 'tshark', 'capinfos', ...SERVICE_COMMANDS, ...CLIENT_COMMANDS);

function conversationsOf(flows: FlowRecord[]): Conversations {
  const found: Conversations = new Map();
  const name = ({ ip, port }: FlowRecord['endpoint_a']) => `${ip}:${port}`;
  for (const flow of flows) {
    if (flow.protocol !== 'tcp' && flow.protocol !== 'udp') continue;
    addConversation(found, flow.protocol, name(flow.endpoint_a), name(flow.endpoint_b), flow.packets_a_to_b, flow.packets_b_to_a);
  }
  return found;
}

describe.skipIf(missing !== null)(`real servers and clients over a mirror port${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = new TemporaryFolder('mirror');
  let network: Network;
  let run: CaptureRun;
  let referee: string;
  beforeAll(async () => {
    network = await mirroredNetwork();
    const services = await startServices(network, 'server', SERVER, folder);
    const tcpdump = await startTcpdump(network, 'monitor', 'm0', folder);
    run = await CaptureRun.start(network, 'monitor', folder, ['-i', 'm0', '--shards', '2', '-f', NO_CHATTER]);
    await useServices(network, 'client', SERVER, services);
    // Connections that were closed by the client last still have segments on their way.
    await sleep(300);
    await run.stop('SIGINT');
    referee = await tcpdump.stop();
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('shows every conversation that tcpdump and tshark see, with exactly their packets', async () => {
    const expected = await tsharkConversations(referee);
    expect(expected.size).toBeGreaterThan(30);
    expect(Object.fromEntries(conversationsOf(run.flows()))).toEqual(Object.fromEntries(expected));
  });

  it('counts every frame and every byte that tcpdump saw', async () => {
    const { packets, bytes } = await captureTotals(referee);
    expect(run.summary()).toMatchObject({ frames_read: packets, input_wire_bytes: bytes, kernel_drops: 0, ring_drops: 0 });
    expect(run.summary().ledger.holds).toBe(true);
  });

  it('knows who called whom, and how the connections ended', () => {
    const flows = run.flows();
    const web = flows.filter((flow) => flow.endpoint_b.port === 80);
    expect(web.length).toBe(6);
    for (const flow of web) {
      expect(flow).toMatchObject({
        client: 'a_to_b',
        direction_reason: 'syn',
        conn_state: 'SF',
        missed_bytes_a_to_b: 0,
        missed_bytes_b_to_a: 0,
      });
      expect([CLIENT.ipv4, CLIENT.ipv6]).toContain(flow.endpoint_a.ip);
      expect(flow.payload_bytes_b_to_a).toBeGreaterThan(200_000);
      expect(flow.syn_synack_ms).toBeGreaterThan(0);
    }
    expect(
      flows
        .filter((flow) => flow.protocol === 'icmp' || (flow.protocol === 'icmpv6' && flow.icmp_type === 128))
        .map((flow) => flow.packets_total),
    ).toEqual(expect.arrayContaining([10, 10]));
  });
});
