/** Applications found out natively and by the parsers alone: the same rows, notes, counters and ticks, to the last byte. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { CORPUS_PCAPS } from '../../fixtures/corpus.ts';
import { writeGenerated } from '../../support/generated-capture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { Stamped } from '../engine/capture-bytes.ts';
import { atPort, bothWays, type Random, type Ring, randomOf, rewrite, ringOf } from './way-runs.ts';

const folder = new TemporaryFolder('both-ways');
afterAll(() => folder[Symbol.dispose]());

const SMALL = 1 << 22;
const LARGE = 1 << 25;
const CAPTURES = join(import.meta.dirname, '../../fixtures/captures');
const captures = readdirSync(CAPTURES).filter((file) => file.endsWith('.pcap'));

/** Some five seconds, so that there are ticks. */
function traffic(seed: number, packets: number, flows: number): string {
  const path = folder.file(`${seed}-${packets}.pcap`);
  if (!existsSync(path)) writeGenerated(path, { profile: 'apps', packets, flows, seed, rate: packets / 5 });
  return path;
}

describe('captures', () => {
  it.each([false, true])('of one protocol each, detection: %s', async (detect) => {
    let released = 0;
    for (const file of captures) released += bothWays([await ringOf(join(CAPTURES, file), SMALL)], { detect }).released;
    // Their servers are at other ports than usual; at usual ones are those that are something else.
    expect(released).toBeGreaterThan(5);
  });

  it.each([
    ['https-tls13', 443],
    ['http', 80],
    ['ssh', 22],
    ['dns-udp', 53],
    ['quic-v1', 443],
  ])('%s as if it were at port %i is read natively', async (file, port) => {
    const path = atPort(join(CAPTURES, `${file}.pcap`), folder.file(`${file}-${port}.pcap`), port);
    expect(bothWays([await ringOf(path, SMALL)], { top: 0 }).closed).toBeGreaterThan(0);
    bothWays([await ringOf(path, SMALL)], { detect: true, snapshotEvery: 1 });
  });

  it.each([22, 25, 53, 80, 443])('of other protocols at port %i', async (port) => {
    for (const file of captures) {
      const path = atPort(join(CAPTURES, file), folder.file('other.pcap'), port);
      bothWays([await ringOf(path, SMALL)], { detect: false });
    }
  });

  it.runIf(existsSync(CORPUS_PCAPS))(`of the public corpus, some of them: those of ${CORPUS_PCAPS}, if it is there`, async () => {
    const random = randomOf(5);
    const files = readdirSync(CORPUS_PCAPS)
      .filter((file) => /pcap|cap$/.test(file))
      .toSorted()
      .map((file) => join(CORPUS_PCAPS, file))
      .filter((path) => statSync(path).size < 500_000);
    let compared = 0;
    for (let i = 0; i < 150; i++) {
      const [path] = files.splice(random(files.length), 1);
      const ring = await ringOf(path, SMALL).catch(() => null);
      if (ring === null) continue;
      compared++;
      bothWays([ring], { detect: i % 2 === 1 });
    }
    expect(compared).toBeGreaterThan(100);
  });
});

describe('traffic of many flows', () => {
  it.each([
    [1, 0],
    [2, 0],
    [3, 0],
    [1, 5],
    [2, 5],
    [3, 5],
  ])('is nearly all read natively, seed %i, the %i largest flows told', async (seed, top) => {
    const { closed, released, names, natively } = bothWays([await ringOf(traffic(seed, 20_000, 500), LARGE)], { top });
    expect(closed).toBeGreaterThanOrEqual(475);
    expect(closed + released).toBeLessThanOrEqual(500);
    // Certificates that nobody has seen before are learned on the way.
    if (top === 0) expect(released).toBe(0);
    expect(names).toBeGreaterThan(50);
    expect(natively.ticks.length).toBeGreaterThan(10);
    const told = natively.ticks.flatMap((tick) => tick.top);
    expect(told.length).toBeGreaterThanOrEqual(10 * top);
    expect(told.filter(({ note }) => note === '')).toEqual([]);
  });

  it('tells notes of many live flows, which are taken over by the parsers', async () => {
    const { closed, released } = bothWays([await ringOf(traffic(1, 20_000, 500), LARGE)], { top: 100 });
    expect(released).toBeGreaterThan(100);
    expect(closed).toBeGreaterThan(200);
  });

  it('leaves questions to the parsers where detection wants them', async () => {
    const { closed } = bothWays([await ringOf(traffic(1, 20_000, 500), LARGE)], { detect: true, top: 0 });
    expect(closed).toBeGreaterThan(300);
    expect(closed).toBeLessThan(400);
  });
});

/** Some frames later, twice, or not at all. */
function shuffled(frames: Stamped[], random: Random): Stamped[] {
  const times = frames.map(({ sec, nsec }) => ({ sec, nsec }));
  const late: { at: number; frame: Stamped }[] = [];
  const order = frames.flatMap((frame, i) => {
    const due = late.filter(({ at }) => at === i).map((entry) => entry.frame);
    const choice = random(100);
    if (choice < 5) late.push({ at: i + 1 + random(6), frame });
    if (choice === 5) late.push({ at: i + 1 + random(40), frame });
    return [...(choice < 4 || choice === 6 ? [] : choice < 10 ? [frame, frame] : [frame]), ...due];
  });
  return order.map((frame, i) => ({ ...(times[i] ?? frame), bytes: frame.bytes }));
}

/** The last bytes of a segment's payload missing, as if it had been sent in two and one was lost. */
function shortened({ sec, nsec, bytes }: Stamped, random: Random): Stamped {
  const copy = Buffer.from(bytes);
  const length = copy.readUInt16BE(16);
  const headers = 20 + (copy[23] === 6 ? (copy[46] >> 4) * 4 : 8);
  const cut = random(Math.max(1, length - headers));
  copy.writeUInt16BE(length - cut, 16);
  if (copy[23] === 17) copy.writeUInt16BE(length - 20 - cut, 38);
  return { sec, nsec, bytes: copy.subarray(0, bytes.length - cut) };
}

describe('damaged traffic', () => {
  it.each([1, 2, 3, 4])('packets late, twice or lost, seed %i', async (seed) => {
    const random = randomOf(seed);
    const path = rewrite(traffic(10 + seed, 6000, 250), folder.file(`shuffled-${seed}.pcap`), (frames) => shuffled(frames, random));
    const { closed, released } = bothWays([await ringOf(path, LARGE)], { detect: seed === 4, top: 25 });
    expect(closed).toBeGreaterThan(60);
    expect(released).toBeGreaterThan(20);
  });

  it.each([1, 2])('packets cut and swapped with the next, seed %i', async (seed) => {
    const random = randomOf(seed);
    const path = rewrite(traffic(20 + seed, 6000, 250), folder.file(`cut-${seed}.pcap`), (frames) => {
      const changed = frames.map((frame) => (random(12) === 0 ? shortened(frame, random) : frame));
      for (let i = 1; i < changed.length; i++) {
        if (random(15) === 0)
          [changed[i - 1], changed[i]] = [
            { ...changed[i - 1], bytes: changed[i].bytes },
            { ...changed[i], bytes: changed[i - 1].bytes },
          ];
      }
      return changed;
    });
    const { released } = bothWays([await ringOf(path, LARGE)], { top: 25 });
    expect(released).toBeGreaterThan(20);
  });

  it.each([1, 2, 3])('bits flipped, seed %i', async (seed) => {
    const path = traffic(30 + seed, 6000, 250);
    const { released } = bothWays([await ringOf(path, LARGE, { fault: { seed, corrupt: [0.02, 0.2, 0.8][seed - 1] } })]);
    expect(released).toBeGreaterThan(3);
  });

  it.each([60, 200, 700, 1300])('frames captured up to %i bytes', async (cutTo) => {
    bothWays([await ringOf(traffic(40, 6000, 250), LARGE, { fault: { seed: 1, cutTo } })]);
  });

  it.each([40, 300, 1480])('%i bytes carried', async (carryBytes) => {
    bothWays([await ringOf(traffic(41, 6000, 250), LARGE, { carryBytes })]);
  });
});

describe('other ways of a shard', () => {
  const whole = () => ringOf(traffic(50, 8000, 300), LARGE);

  it('few rows: flows are evicted and refused', async () => {
    const { natively, closed } = bothWays([await whole()], { flow: { maxFlows: 50 } });
    expect(natively.count(ShardCounter.EVICTIONS_ANSWERED) + natively.count(ShardCounter.REFUSED_LIMIT)).toBeGreaterThan(50);
    expect(closed).toBeGreaterThan(20);
  });

  it('flows that are idle soon', async () => {
    const { closed } = bothWays([await whole()], { flow: { idleTcpSecs: 1, idleUdpSecs: 1, lingerSecs: 1 } });
    expect(closed).toBeGreaterThan(100);
  });

  it('records while flows live', async () => {
    const { natively, released } = bothWays([await whole()], { flow: { activeTimeoutSecs: 1 } });
    expect(natively.rows.length).toBeGreaterThan(400);
    expect(released).toBeGreaterThan(5);
  });

  it('looks at live flows', async () => {
    const { natively, released, closed } = bothWays([await whole()], { snapshotEvery: 2 });
    expect(natively.snapshots.length).toBeGreaterThan(100);
    expect(released).toBeGreaterThan(5);
    expect(closed).toBeGreaterThan(5);
  });

  it('live, behind at first', async () => {
    const { natively } = bothWays([await ringOf(traffic(1, 20_000, 500), LARGE)], { live: true });
    expect(natively.count(ShardCounter.APP_SHED)).toBeGreaterThan(20);
    expect(natively.count(ShardCounter.APP_CLOSED)).toBeGreaterThan(20);
  });

  const split = (isFirst: (frame: Buffer, i: number) => boolean, path: string): Promise<Ring[]> =>
    Promise.all(
      [true, false].map((first) => {
        const to = folder.file(`split-${first}.pcap`);
        return ringOf(
          rewrite(path, to, (frames) => frames.filter(({ bytes }, i) => isFirst(Buffer.from(bytes), i) === first)),
          LARGE,
        );
      }),
    );

  it('two rings, a flow in each', async () => {
    const rings = await split((frame) => (frame.readUInt32BE(26) ^ frame.readUInt32BE(30)) % 2 === 0, traffic(60, 8000, 300));
    for (const detect of [false, true]) expect(bothWays(rings, { detect }).closed).toBeGreaterThan(100);
  });

  it('two rings, a direction of every flow in each', async () => {
    const rings = await split((frame) => frame.readUInt16BE(34) < 1024, traffic(60, 8000, 300));
    expect(bothWays(rings).closed).toBeGreaterThan(100);
  });

  it('two rings, packets by chance', async () => {
    const random = randomOf(9);
    const choice = Array.from({ length: 8000 }, () => random(2) === 0);
    bothWays(await split((_, i) => choice[i], traffic(60, 8000, 300)));
  });
});
