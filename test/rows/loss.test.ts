/** Retransmission, order, keep-alive and zero window as flow records show them, from captures of known faults. */
import { afterAll, describe, expect, it } from 'vitest';
import type { TimedFrame } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { replayOne } from './replay.ts';
import { c, farewell, handshake, s, writeConversation } from './tcp-conversation.ts';

const folder = new TemporaryFolder('loss');
afterAll(() => folder[Symbol.dispose]());
const flowOf = (...frames: TimedFrame[]) => replayOne(writeConversation(folder.file('c.pcap'), frames));

/** Twenty segments of 100 bytes of the server, 2 ms apart, after one request of 10 bytes. */
const segments = (): TimedFrame[] => Array.from({ length: 20 }, (_, i) => s(200 + i * 2, 'PA', 501 + i * 100, 111, 100));
const request = [...handshake(), c(100, 'PA', 101, 501, 10)];
const received = (atMs: number) => c(atMs, 'A', 111, 2501);

describe('a segment that was lost and sent again', () => {
  it('is one retransmission, of the side that sent it', async () => {
    const lost = segments();
    const resent = s(400, 'PA', 501 + 7 * 100, 111, 100);
    lost.splice(7, 1);
    const flow = await flowOf(...request, ...lost, resent, received(401), ...farewell(500, 10, 2000));
    expect(flow).toMatchObject({ retransmissions: 1, retransmissions_b_to_a: 1, retransmissions_a_to_b: 0, out_of_order: 0 });
    expect(flow).toMatchObject({ missed_bytes_b_to_a: 0, conn_state: 'SF' });
  });

  it('is one also when the first copy was seen and nothing was acknowledged yet', async () => {
    const flow = await flowOf(...handshake(), c(100, 'PA', 101, 501, 10), c(400, 'PA', 101, 501, 10), s(450, 'A', 501, 111));
    expect(flow).toMatchObject({ retransmissions: 1, retransmissions_a_to_b: 1, out_of_order: 0 });
  });

  it('is missed bytes when it never came and was acknowledged', async () => {
    const lost = segments();
    lost.splice(7, 1);
    const flow = await flowOf(...request, ...lost, received(401), ...farewell(500, 10, 2000));
    expect(flow).toMatchObject({ missed_bytes_b_to_a: 100, missed_bytes_a_to_b: 0, retransmissions: 0 });
  });
});

describe('an RST', () => {
  it('acknowledges nothing: no bytes are missed because of its number', async () => {
    const flow = await flowOf(c(0, 'S', 100, 0), s(5, 'RA', 0, 500_000));
    expect(flow).toMatchObject({ conn_state: 'REJ', missed_bytes_a_to_b: 0, missed_bytes_b_to_a: 0 });
  });
});

describe('two swapped segments', () => {
  it('are one out of order, and no retransmission', async () => {
    const all = segments();
    const [first, second] = [all[9], all[10]];
    all[9] = { timeUs: first.timeUs, bytes: second.bytes };
    all[10] = { timeUs: second.timeUs, bytes: first.bytes };
    const flow = await flowOf(...request, ...all, received(401), ...farewell(500, 10, 2000));
    expect(flow).toMatchObject({ out_of_order: 1, out_of_order_b_to_a: 1, retransmissions: 0, missed_bytes_b_to_a: 0 });
  });
});

describe('what looks like loss and is none', () => {
  it('keep-alives are counted as such', async () => {
    const probes = [20, 30, 40].flatMap((atSec) => [c(atSec * 1000, 'A', 110, 501, 1), s(atSec * 1000 + 50, 'A', 501, 111)]);
    const flow = await flowOf(...request, s(150, 'A', 501, 111), ...probes);
    expect(flow).toMatchObject({ keep_alives: 3, retransmissions: 0, out_of_order: 0, duplicate_acks: 0 });
  });

  it('a closed window is counted', async () => {
    const closed = s(150, 'A', 501, 111);
    closed.bytes = Uint8Array.from(closed.bytes);
    new DataView(closed.bytes.buffer).setUint16(14 + 20 + 14, 0);
    const flow = await flowOf(...request, closed, s(300, 'A', 501, 111), c(310, 'PA', 111, 501, 10), s(360, 'A', 501, 121));
    expect(flow).toMatchObject({ zero_windows: 1, window_min_b_to_a: 0, window_min_a_to_b: 0x2000, retransmissions: 0 });
  });
});

describe('the end of a connection', () => {
  const states = async (...frames: TimedFrame[]) => {
    const { tcp_state, end_reason } = await flowOf(...frames);
    return [tcp_state, end_reason];
  };
  it('takes a FIN of each side', async () => {
    const all = [...request, ...farewell(500, 10, 0)];
    expect(await states(...all.slice(0, 1))).toEqual(['syn_sent', 'shutdown']);
    expect(await states(...all.slice(0, 2))).toEqual(['syn_ack', 'shutdown']);
    expect(await states(...all.slice(0, 3))).toEqual(['established', 'shutdown']);
    expect(await states(...all.slice(0, -2))).toEqual(['fin_wait', 'shutdown']);
    expect(await states(...all.slice(0, -1))).toEqual(['closed', 'fin']);
    expect(await states(...all)).toEqual(['time_wait', 'fin']);
    expect(await states(...request, c(500, 'FA', 111, 501), c(900, 'FA', 111, 501))).toEqual(['fin_wait', 'shutdown']);
    expect(await states(...request, s(500, 'R', 501, 0))).toEqual(['reset', 'rst']);
  });
});
