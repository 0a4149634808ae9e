import { beforeAll, describe, expect, it } from 'vitest';
import { ledgerFailures } from '../../src/index.ts';
import { isLongForm } from '../support/rounds.ts';
import { corpusFolder, type ManifestEntry, readDisputes, readManifest, readTruth } from './corpus.ts';
import { explained, isException, OTHER_FRAME_COUNT, REFEREE_EXCEPTIONS } from './exceptions.ts';
import { Metrics, type Miss } from './metrics.ts';
import { type Replayed, replayCorpus } from './replay-corpus.ts';
import { isScored, scoreCapture } from './score.ts';

const folder = corpusFolder();

/** What each comparison must reach; what a reference reads differently is in `exceptions.ts`, with the reason. */
const AT_LEAST: Record<string, number> = {
  found_tcp_udp: 1,
  found_sctp: 1,
  found_other_ip: 1,
  packets_exact_tcp_udp: 1,
  packets_exact_sctp: 1,
  packets_exact_other_ip: 1,
  packets_exact_snaplen_cut: 1,
  bytes_exact_tcp_udp: 1,
  bytes_exact_sctp: 1,
  bytes_exact_other_ip: 1,
  bytes_exact_snaplen_cut: 1,
  no_phantom_flows: 1,
  captures_with_every_flow_exact: 1,
  initiator_is_syn_sender: 1,
  community_id: 1,
  fragments_attributed: 0.9,
  tunnel_inner_exact: 0.95,
  tunnel_outer_exact: 0.95,
  retransmissions_exact: 0.99,
  out_of_order_exact: 0.99,
  handshake_rtt_reported: 0.99,
  handshake_rtt_within_1ms_or_5pct: 0.99,
  syn_fin_rst_seen: 0.99,
};

/** The suite reads one capture in so many, and all with fragments, tunnels or an exception, of which there are few. The long form reads every one. */
const IN_SUITE = 3;
const isRare = (entry: ManifestEntry): boolean =>
  Object.values(readTruth(folder!, entry).tshark?.flows ?? {}).some(({ amb }) => amb?.includes('frag') || amb?.includes('tunnel'));

interface Problem {
  capture: string;
  what: string;
}

describe.skipIf(folder === null)(
  `public captures against tshark${folder === null ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`,
  () => {
    const all = folder === null ? [] : readManifest(folder);
    const entries = isLongForm ? all : all.filter((entry, index) => index % IN_SUITE === 0 || isException(entry.file) || isRare(entry));
    const disputes = folder === null ? {} : readDisputes(folder);
    const metrics = new Metrics();
    const refused: Problem[] = [];
    const ledgers: Problem[] = [];
    const sums: Problem[] = [];
    const counts: Problem[] = [];
    let finished = 0;

    function visit(entry: ManifestEntry, { records, summary }: Replayed): void {
      const capture = entry.file;
      for (const line of ledgerFailures(summary.ledger)) ledgers.push({ capture, what: line });
      const finals = records.filter((record) => record.record === 'final' && record.tunnel?.role !== 'outer');
      const packets = finals.reduce((sum, record) => sum + record.packets_total, 0);
      const bytes = finals.reduce((sum, record) => sum + record.bytes_total, 0);
      if (packets !== summary.packets_accounted || bytes !== summary.bytes_accounted) {
        sums.push({
          capture,
          what: `${packets} packets, ${bytes} bytes in flows of ${summary.packets_accounted}, ${summary.bytes_accounted}`,
        });
      }
      if (!entry.damaged && !(capture in OTHER_FRAME_COUNT) && (summary.frames_read !== entry.packets || summary.error !== null)) {
        counts.push({ capture, what: `${summary.frames_read} of ${entry.packets} frames, ${summary.error?.message ?? 'no error'}` });
      }
      if (entry.damaged && summary.frames_read < entry.packets)
        counts.push({ capture, what: `damaged; ${summary.frames_read} of ${entry.packets} frames` });
      const truth = readTruth(folder!, entry);
      if (isScored(entry, truth, disputes)) scoreCapture(metrics, entry, truth, records);
    }

    beforeAll(async () => {
      await replayCorpus(folder!, entries, 3, (entry, replayed) => {
        finished++;
        if (replayed instanceof Error) refused.push({ capture: entry.file, what: `${replayed.code}: ${replayed.message}` });
        else visit(entry, replayed);
      });
      console.log(metrics.table());
    }, 600_000);

    it('every capture is read to its end', () => {
      expect(finished).toBe(entries.length);
      expect(refused).toEqual([]);
    });

    it('every ledger holds, and the records add up to it', () => {
      expect(ledgers).toEqual([]);
      expect(sums).toEqual([]);
    });

    it('as many frames are read as the file holds', () => {
      expect(counts).toEqual([]);
    });

    it.each(Object.entries(AT_LEAST))('%s ≥ %f', (name, least) => {
      const metric = metrics.values.get(name);
      expect(metric, `nothing was measured for ${name}`).toBeDefined();
      const open: Miss[] = metric!.misses.filter((miss) => !explained(name, miss));
      const share = 1 - open.length / metric!.attempts;
      const list = open.slice(0, 40).map((miss) => `${miss.capture} ${miss.tuple}: got ${miss.got}, want ${miss.want}`);
      expect(share, `${open.length} unexplained of ${metric!.attempts}:\n${list.join('\n')}`).toBeGreaterThanOrEqual(least);
    });

    it('no listed exception is out of date', () => {
      const stale = REFEREE_EXCEPTIONS.filter(
        (exception) =>
          !exception.metrics.some((name) => metrics.values.get(name)?.misses.some((miss) => miss.capture === exception.capture)),
      );
      expect(stale).toEqual([]);
    });
  },
);
