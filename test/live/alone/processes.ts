/** Whose the ends of flows are, on a host in a namespace: sockets are per namespace, so the sensor in it sees those of its processes. */
import { chownSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Flow, FlowDetail } from '../../../src/api/contract.ts';
import type { FlowRecord, ProcessRecord } from '../../../src/flow/record.ts';
import { sleep, until } from '../../support/command.ts';
import { LiveServe } from '../../support/live-serve.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { CaptureRun } from '../capture-run.ts';
import { liveUnavailable, Network } from '../namespaces.ts';
import { listening, startDns } from '../services.ts';

const missing = liveUnavailable('curl', 'dnsmasq', 'setpriv', 'socat', 'timeout');
const HOST = '10.68.1.1';
const FAR = '10.68.2.2';
const HOST6 = 'fd68:1::1';
/** An account without rights; no process of ours runs as it. */
const NOBODY = 65_534;

/** Answers each connection with as many bytes as its process id has, after it was asked. */
const SERVER = `
const server = require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.end(String(process.pid)));
});
server.listen({ host: process.argv[2], port: Number(process.argv[3]) });
`;

const portsOf = ({ endpoint_a: a, endpoint_b: b }: FlowRecord) => [a.port, b.port];
const flowsAt = (flows: readonly FlowRecord[], port: number) => flows.filter((flow) => portsOf(flow).includes(port));
/** The ends by port: of the one that has it, and of the other. */
function endsAt(flow: FlowRecord, port: number): { server: ProcessRecord | null | undefined; client: ProcessRecord | null | undefined } {
  const [server, client] = flow.endpoint_a.port === port ? [flow.process_a, flow.process_b] : [flow.process_b, flow.process_a];
  return { server, client };
}

describe.skipIf(missing !== null)(`naming processes${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  let script: string;
  beforeEach(async () => {
    folder = new TemporaryFolder('processes');
    script = folder.file('server.cjs');
    writeFileSync(script, SERVER);
    network = await Network.create(['near', 'host', 'far'], ['near', 'host', 'far']);
    await network.join({ space: 'near', device: 'n0' }, { space: 'host', device: 'h0' });
    await network.join({ space: 'host', device: 'h1' }, { space: 'far', device: 'f0' });
    await network.address('near', 'n0', '10.68.1.2/24');
    await network.address('host', 'h0', `${HOST}/24`);
    await network.address('host', 'h1', '10.68.2.1/24');
    await network.address('far', 'f0', `${FAR}/24`);
    await network.address('near', 'n0', 'fd68:1::2/64');
    await network.address('host', 'h0', `${HOST6}/64`);
    await network.ip('near', 'route', 'add', 'default', 'via', HOST);
    await network.ip('far', 'route', 'add', 'default', 'via', '10.68.2.1');
    await network.mustRun('host', 'sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const serve = async (space: string, host: string, port: number, through: string[] = []) => {
    const [command, ...args] = [...through, process.execPath, script, host, String(port)];
    const server = network.start(space, command, args);
    await listening(network, space, [port], [server]);
    return server;
  };
  /** Connects, waits, asks, reads the answer: a client that lives for `seconds`. */
  const ask = async (space: string, host: string, port: number, seconds: number, prefix: string[] = []) => {
    const target = `TCP:${host.includes(':') ? `[${host}]` : host}:${port}`;
    const client = network.start(space, 'sh', ['-c', `(sleep ${seconds}; echo x) | exec ${[...prefix, 'socat', '-', target].join(' ')}`]);
    return (await client.wait(10_000)).stdout;
  };
  const capture = (device: string, ...args: string[]) =>
    CaptureRun.start(network, 'host', folder, ['--interface', device, '--processes', '--dpi', 'off', ...args]);

  it('names the client and the server of connections of this host, and of both ends on loopback', async () => {
    const far = await serve('far', FAR, 7001);
    const local = await serve('host', '127.0.0.1', 7002);
    const own = await serve('host', HOST6, 7003);
    const run = await CaptureRun.start(
      network,
      'host',
      folder,
      ['-i', 'h0', '-i', 'h1', '-i', 'lo', '--processes', '--dpi', 'builtin', '--flows-csv', folder.file('flows.csv')],
      3,
    );
    const outside = await ask('host', FAR, 7001, 0.3);
    const inside = await ask('host', '127.0.0.1', 7002, 0.3);
    const incoming = await ask('near', HOST6, 7003, 0.3);
    expect([outside, inside, incoming]).toEqual([far, local, own].map((server) => String(server.pid)));
    await run.stop();

    const flows = run.flows();
    const [out, loop, into] = [7001, 7002, 7003].map((port) => flowsAt(flows, port)[0]);
    expect(endsAt(out, 7001)).toEqual({ server: null, client: { pid: expect.any(Number), name: 'socat' } });
    expect(endsAt(loop, 7002)).toEqual({
      server: { pid: local.pid, name: expect.any(String) },
      client: { pid: expect.any(Number), name: 'socat' },
    });
    expect(endsAt(into, 7003)).toEqual({ server: { pid: own.pid, name: expect.any(String) }, client: null });
    // The application layer's notes stay what they were.
    expect(flows.every((flow) => flow.risk_mask.startsWith('0x'))).toBe(true);
    const [header, ...rows] = (await network.mustRun('host', 'cat', [folder.file('flows.csv')])).stdout.trim().split('\n');
    expect(header.endsWith(',process_a_pid,process_a_name,process_b_pid,process_b_name')).toBe(true);
    expect(rows.filter((row) => row.includes(',socat')).length).toBe(2);
    expect(run.summary().processes).toMatchObject({ dropped: 0 });
  });

  it('names UDP sockets that are bound to a port alone, and processes of other users', async () => {
    const dns = startDns(network, 'host', [HOST], 'weir.test');
    await listening(network, 'host', [53], [dns]);
    const run = await capture('h0');
    const query = ['-4', '-', `UDP:${HOST}:53`];
    await network.run('near', 'sh', [
      '-c',
      `printf '\\000\\001\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\004weir\\004test\\000\\000\\001\\000\\001' | timeout 2 socat ${query.join(' ')}`,
    ]);
    const far = await serve('near', '10.68.1.2', 7004);
    await ask('host', '10.68.1.2', 7004, 0.3, ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']);
    await run.stop();
    expect(far.running).toBe(true);
    const flows = run.flows();
    expect(endsAt(flowsAt(flows, 53)[0], 53)).toEqual({ server: { pid: dns.pid, name: 'dnsmasq' }, client: null });
    expect(endsAt(flowsAt(flows, 7004)[0], 7004)).toMatchObject({ server: null, client: { name: 'socat' } });
  });

  it('says nothing of what it forwards, and of a server whose clients are gone at once still who listens', async () => {
    await serve('far', FAR, 7005);
    const here = await serve('host', HOST, 7006);
    const run = await capture('h0');
    await ask('near', FAR, 7005, 0.2);
    for (let i = 0; i < 5; i++) await network.run('near', 'curl', ['-s', '-m', '2', `http://${HOST}:7006/`]);
    await run.stop();
    const flows = run.flows();
    for (const flow of flowsAt(flows, 7005)) expect([flow.process_a, flow.process_b]).toEqual([null, null]);
    expect(flowsAt(flows, 7005)).toHaveLength(1);
    const served = flowsAt(flows, 7006);
    expect(served).toHaveLength(5);
    for (const flow of served) expect(endsAt(flow, 7006)).toMatchObject({ server: { pid: here.pid }, client: null });
  });

  it('goes on without the rights to see others, and says once what it takes', async () => {
    // Root without its rights over other processes. The stranger reads no file of ours.
    const lacking = '-sys_ptrace,-dac_read_search,-dac_override';
    const through = ['setpriv', '--bounding-set', lacking, '--inh-caps', lacking];
    const server = await serve('host', HOST, 7007, through);
    const own = SERVER.replace('process.argv[2]', `'${HOST}'`).replace('process.argv[3]', '7008');
    const stranger = network.start('host', 'setpriv', [`--reuid=${NOBODY}`, '--clear-groups', process.execPath, '-e', own]);
    await listening(network, 'host', [7008], [stranger]);
    const run = await CaptureRun.start(
      network,
      'host',
      folder,
      ['--interface', 'h0', '--processes', '--dpi', 'off'],
      1,
      undefined,
      through,
    );
    for (let i = 0; i < 3; i++) await ask('near', HOST, 7008, 0.1);
    await ask('near', HOST, 7007, 0.1);
    const { stderr } = await run.stop();
    expect(stderr.match(/processes of other users are not named/g)).toHaveLength(1);
    const flows = run.flows();
    for (const flow of flowsAt(flows, 7008)) expect([flow.process_a, flow.process_b]).toEqual([null, null]);
    expect(endsAt(flowsAt(flows, 7007)[0], 7007)).toMatchObject({ server: { pid: server.pid } });
  });

  it('names them in a service that is not root, live and stored', async () => {
    chownSync(folder.path, NOBODY, NOBODY);
    const server = await serve('host', HOST, 7009);
    const rights = ['inh-caps', 'ambient-caps', 'bounding-set'].map(
      (set) => `--${set}=-all,+net_raw,+net_admin,+sys_ptrace,+dac_read_search`,
    );
    const through = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', ...rights];
    const args = ['-i', 'h0', '--processes', '--data-dir', folder.file('served'), '--flow-timeout-s', '2'];
    await using run = await LiveServe.start(network, 'host', args, { through });
    const asking = ask('near', HOST, 7009, 3);
    const find = (state: string) => async () => {
      const { flows } = await run.get<{ flows: Flow[] }>(`/flows?state=${state}`);
      const line = flows.find(({ responder }) => responder.port === 7009);
      return line === undefined ? null : await run.get<FlowDetail>(`/flows/${line.flow_id}`);
    };
    for (const state of ['live', 'ended']) {
      const detail = await until(`the flow, ${state}`, find(state));
      expect([state, endsAt(detail.record as unknown as FlowRecord, 7009)]).toMatchObject([
        state,
        { server: { pid: server.pid }, client: null },
      ]);
    }
    expect(await asking).toBe(String(server.pid));
    await run.stop();
  });

  it('is not there without the option', async () => {
    const run = await CaptureRun.start(network, 'host', folder, ['--interface', 'h0', '--dpi', 'off']);
    await network.run('host', 'timeout', ['1', 'curl', '-s', 'http://10.68.1.2:9/']);
    await until('a flow', () => sleep(200).then(() => true));
    await run.stop();
    expect(run.flows().length).toBeGreaterThan(0);
    for (const flow of run.flows()) expect(Object.keys(flow).some((name) => name.startsWith('process'))).toBe(false);
    expect(run.summary()).not.toHaveProperty('processes');
  });
});
