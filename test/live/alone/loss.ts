/** Loss made at one stage after the other: the doctor names it, and with its remedy nothing is lost. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Advice, RunSummary } from '../../../src/index.ts';
import { mustRun, sleep } from '../../support/command.ts';
import { writeGenerated } from '../../support/generated-capture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { cleanEnvironment, readJson, weirEntry } from '../../support/weir-command.ts';
import { receiving } from '../capture-run.ts';
import { liveUnavailable, type Network } from '../namespaces.ts';
import { silentLinks } from '../topology.ts';
import { replayFrames } from '../traffic.ts';

const missing = liveUnavailable('tcpreplay', 'mkfifo');
const slowShard = fileURLToPath(new URL('../slow-shard-script.ts', import.meta.url));
const FRAMES = 20_000;

const losing = (advice: readonly Advice[]) => advice.filter(({ state }) => state === 'losing').map(({ stage }) => stage);
const of = (advice: readonly Advice[], stage: string) => advice.find((each) => each.stage === stage);

/** `--buffer-mb 64` of a remedy that begins so. */
function flagsOf(remedy: string | null | undefined): string[] {
  const match = /^(--[\w-]+) (\d+) \(now \d+\)/.exec(remedy ?? '');
  if (match === null) throw new Error(`no flag in the remedy: ${remedy}`);
  return [match[1], match[2]];
}

describe.skipIf(missing !== null)(`loss on the way of a packet${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = new TemporaryFolder('loss');
  const many = folder.file('many.pcap');
  const flood = folder.file('flood.pcap');
  const burst = folder.file('burst.pcap');
  const env = cleanEnvironment();
  let network: Network;
  beforeAll(async () => {
    writeGenerated(many, { profile: 'small', packets: FRAMES, flows: FRAMES, seed: 3 });
    writeGenerated(flood, { profile: 'small', packets: 160_000, flows: 160_000, seed: 5 });
    writeGenerated(burst, { profile: 'small', packets: 5200, flows: 1000, seed: 4 });
    network = await silentLinks(1, 9000);
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const send = (capture: string, pace = '--topspeed') => replayFrames(network, 'sender', 'tx0', capture, ['--preload-pcap', pace]);

  /** What `weir doctor --watch` says when frames come; `asleep`: all of them while it is stopped. */
  async function watch(flags: string[], asleep = false): Promise<Advice[]> {
    const args = [weirEntry(), 'doctor', '--watch', '-i', 'rx0', '--seconds', '6', '--json', '--shards', '1', ...flags];
    const doctor = network.start('sensor', process.execPath, args, { env });
    await receiving(doctor);
    if (asleep) process.kill(doctor.pid, 'SIGSTOP');
    await send(many);
    if (asleep) process.kill(doctor.pid, 'SIGCONT');
    await sleep(1500);
    const { code, stdout, stderr } = await doctor.stop('SIGINT');
    const advice = JSON.parse(stdout) as Advice[];
    expect(code, stderr).toBe(losing(advice).length > 0 ? 1 : 0);
    return advice;
  }

  it('at the socket: a reader that is away for longer than its buffer lasts', async () => {
    const before = await watch(['--buffer-mb', '1'], true);
    expect(losing(before)).toEqual(['socket']);
    expect(of(before, 'socket')?.detail).toMatch(/^[\d,]+ of 20,0\d\d packets in \d+\.\d s \([\d.]+ %\)$/);
    expect(of(before, 'socket')?.remedy).toBe('--buffer-mb 64 (now 1)');
    const after = await watch(flagsOf(of(before, 'socket')?.remedy), true);
    expect(losing(after)).toEqual([]);
    expect(of(after, 'socket')).toMatchObject({ state: 'ok', lost: 0 });
  });

  it('at the flow table: more flows than it may hold', async () => {
    const before = await watch(['--buffer-mb', '64', '--max-flows', '1000']);
    expect(losing(before)).toEqual(['flow_table']);
    expect(of(before, 'flow_table')?.detail).toMatch(/flows ended early for want of room/);
    const remedy = of(before, 'flow_table')?.remedy;
    const after = await watch(['--buffer-mb', '64', ...flagsOf(remedy)]);
    expect(losing(after), remedy ?? '').toEqual([]);
  });

  it('in a ring: a shard that is too slow', async () => {
    const run = async (shards: string): Promise<{ doctor: Advice[]; ring_drops: number }> => {
      const sensor = network.start('sensor', process.execPath, [slowShard, 'rx0', shards], { env });
      await receiving(sensor);
      await send(burst);
      await sleep(2000);
      const { stdout } = await sensor.stop('SIGINT', 20_000);
      return JSON.parse(stdout) as { doctor: Advice[]; ring_drops: number };
    };
    const before = await run('1');
    expect(losing(before.doctor)).toEqual(['ring']);
    expect(of(before.doctor, 'ring')).toMatchObject({ lost: before.ring_drops });
    const [flag, shards] = flagsOf(of(before.doctor, 'ring')?.remedy);
    expect([flag, shards]).toEqual(['--shards', '2']);
    const after = await run(shards);
    expect(after).toMatchObject({ doctor: [], ring_drops: 0 });
  });

  it('in an output: a pipe that nobody reads', { timeout: 150_000 }, async () => {
    const run = async (path: string, work: () => Promise<void>): Promise<{ summary: RunSummary; stdout: string }> => {
      const report = folder.file('summary.json');
      const outputs = ['--flows-jsonl', path, '--summary-json', report];
      const limits = ['--flow-timeout-s', '1', '--buffer-mb', '64', '--shards', '1'];
      const args = [weirEntry(), 'capture', '-i', 'rx0', '--quiet', ...limits, ...outputs];
      const capture = network.start('sensor', process.execPath, args, { env });
      await receiving(capture);
      await send(many);
      // The first of them have ended and are on their way out; many more follow.
      await sleep(2500);
      await send(flood, '--pps=20000');
      await work();
      const { stdout, code } = await capture.stop('SIGINT', 30_000);
      expect(code).toBe(0);
      return { summary: readJson<RunSummary>(report), stdout };
    };
    const pipe = folder.file('pipe');
    await mustRun('mkfifo', [pipe]);
    // Opens the pipe and goes to sleep over it.
    const held = spawn('sh', ['-c', `exec 3< ${pipe}; sleep 17; cat <&3 > /dev/null`], { stdio: 'ignore' });
    const before = await run(pipe, () => sleep(4000));
    held.kill();
    expect(losing(before.summary.doctor)).toContain('sink');
    expect(losing(before.summary.doctor).filter((stage) => stage !== 'sink' && stage !== 'ring')).toEqual([]);
    const { remedy, lost } = of(before.summary.doctor, 'sink') ?? {};
    expect(remedy).toMatch(new RegExp(`^--flows-jsonl to something faster than ${pipe} `));
    expect(lost).toBe(before.summary.records_dropped);
    expect(before.stdout).toMatch(/^Losing\s+sink: /m);
    // Who sends shares two cores with the sensor and with whatever else runs: one undisturbed pass of three is the proof.
    let after = await run(folder.file('flows.jsonl'), () => sleep(3000));
    for (let more = 0; more < 2 && after.summary.doctor.length > 0; more++)
      after = await run(folder.file('flows.jsonl'), () => sleep(3000));
    expect(after.summary.doctor).toEqual([]);
    expect(after.stdout).not.toContain('Losing');
  });
});
