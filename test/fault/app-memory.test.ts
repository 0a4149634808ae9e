/** Many flows that never say enough: their memory is bounded, and nobody gets a name. */
import { afterAll, describe, expect, it } from 'vitest';
import { TCP_ACK, TCP_SYN, type TimedFrame, tcpFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { measureReplay } from './command-memory.ts';

const FEW = 100_000;
const MANY = 300_000;
/** Of a shard, beside the rows of its flows: what is open, and what the garbage collector leaves of what was. */
const MOST_MEGABYTES = 600;

const folder = new TemporaryFolder('app-memory');
afterAll(() => folder[Symbol.dispose]());

/** Connections that send the first bytes of what may become many protocols, and nothing behind a hole; datagrams of noise. */
function unfinished(count: number): TimedFrame[] {
  const beginnings = ['G', 'PO', '22', 'SS', '\x16', '\x16\x03\x01\x02', '\x00\x00', '*', 'USER', 'NICK a'].map((text) =>
    Buffer.from(text, 'latin1'),
  );
  return Array.from({ length: count }, (_, i): TimedFrame[] => {
    const ends = {
      source: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      destination: '192.0.2.1',
      sourcePort: 40_000 + (i & 1023),
      destinationPort: 50_000 + (i % 97),
    };
    const timeUs = 1.7e15 + i * 100;
    if (i % 2 === 0) return [{ timeUs, bytes: udpFrame({ ...ends, payload: new Uint8Array(200).fill(i % 251) }) }];
    const begun = { ...ends, flags: TCP_ACK, seq: 101, ack: 1 };
    return [
      { timeUs, bytes: tcpFrame({ ...ends, flags: TCP_SYN, seq: 100 }) },
      { timeUs, bytes: tcpFrame({ ...begun, payload: beginnings[(i >> 1) % beginnings.length] }) },
      { timeUs, bytes: tcpFrame({ ...begun, seq: 2000, payload: 500 }) },
    ];
  }).flat();
}

/** Megabytes that the application layer takes for so many flows. */
async function extraMegabytes(count: number): Promise<number> {
  const path = folder.file('unfinished.pcap');
  writeCaptureFile(path, unfinished(count));
  const off = await measureReplay([path, '--shards', '1', '--dpi', 'off']);
  const on = await measureReplay([path, '--shards', '1', '--dpi', 'builtin']);
  expect(on.summary).toMatchObject({ flows_created: count, flows_evicted: 0 });
  expect(on.summary.applications.map(({ protocol, flows }) => [protocol, flows])).toEqual([['unknown', count]]);
  return on.peakMegabytes - off.peakMegabytes;
}

describe('flows that never complete', () => {
  it('get no name, and three times as many take no more memory', { timeout: 120_000 }, async () => {
    const [few, many] = [await extraMegabytes(FEW), await extraMegabytes(MANY)];
    console.log(`application layer: ${few} MB for ${FEW} flows, ${many} MB for ${MANY}`);
    expect(many).toBeLessThan(MOST_MEGABYTES);
    expect(many).toBeLessThan(1.5 * few);
  });
});
