/** Round-trip times and their variation through the whole sensor, from a capture whose every gap is known. */
import { afterAll, describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { replayOne } from './replay.ts';
import { c, handshake, s, writeConversation } from './tcp-conversation.ts';

const folder = new TemporaryFolder('rtt');
afterAll(() => folder[Symbol.dispose]());
const flowOf = (...frames: ReturnType<typeof c>[]) => replayOne(writeConversation(folder.file('c.pcap'), [...handshake(), ...frames]));

describe('round-trip times', () => {
  it('of a path of 50 ms are 50 ms: handshake, last, least and EWMA', async () => {
    const exchanges = Array.from({ length: 10 }, (_, i) => [
      c(1000 + i * 200, 'PA', 101 + i * 10, 501, 10),
      s(1050 + i * 200, 'A', 501, 111 + i * 10),
    ]);
    const flow = await flowOf(...exchanges.flat());
    expect(flow).toMatchObject({ syn_synack_ms: 50, synack_ack_ms: 1, rtt_last_ms: 50, rtt_min_ms: 50, rtt_ewma_ms: 50, rtt_samples: 10 });
    expect(flow.rtt_jitter_ms).toBe(0);
  });

  it('are smoothed by 1/8, their differences by 1/16', async () => {
    const flow = await flowOf(
      c(1000, 'PA', 101, 501, 10),
      s(1050, 'A', 501, 111),
      c(2000, 'PA', 111, 501, 10),
      s(2130, 'A', 501, 121),
      c(3000, 'PA', 121, 501, 10),
      s(3050, 'A', 501, 131),
    );
    const ewma = 50 + (130 - 50) / 8;
    expect(flow).toMatchObject({ rtt_samples: 3, rtt_last_ms: 50, rtt_min_ms: 50 });
    expect(flow.rtt_ewma_ms).toBeCloseTo(ewma + (50 - ewma) / 8, 2);
    expect(flow.rtt_jitter_ms).toBeCloseTo(5 + (80 - 5) / 16, 2);
  });

  it('are not taken from what was sent twice', async () => {
    const flow = await flowOf(
      c(1000, 'PA', 101, 501, 10),
      c(1400, 'PA', 101, 501, 10),
      s(1450, 'A', 501, 111),
      c(2000, 'PA', 111, 501, 10),
      s(2050, 'A', 501, 121),
    );
    expect(flow).toMatchObject({ retransmissions: 1, rtt_samples: 1, rtt_last_ms: 50, rtt_min_ms: 50, rtt_ewma_ms: 50 });
  });

  it('are unknown, not 0, where nothing was acknowledged', async () => {
    const flow = await replayOne(writeConversation(folder.file('syn.pcap'), [c(0, 'S', 100, 0)]));
    expect(flow).toMatchObject({ syn_synack_ms: null, synack_ack_ms: null, rtt_last_ms: null, rtt_ewma_ms: null, rtt_jitter_ms: null });
    expect(flow.rtt_samples).toBe(0);
  });
});
