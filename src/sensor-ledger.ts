/** The ledger of a run as of now: what its parts have counted, by what it was asked to do. */
import type { SensorOptions } from './config/options.ts';
import { buildLedger, type Ledger } from './merge/ledger.ts';
import type { LedgerInput } from './merge/ledger-input.ts';
import type { Pipeline } from './sensor-pipeline.ts';

type Counted = Pick<LedgerInput, 'engine' | 'shards' | 'lost'>;

export function ledgerOf(
  { input, output, records, recallBytes }: SensorOptions,
  pipeline: Pick<Pipeline, 'tapOn' | 'rowsTaken' | 'entriesTaken' | 'tapTaken'>,
  counted: Counted,
): Ledger {
  return buildLedger({
    live: input.kind === 'capture',
    pcap: output.writePcap !== null,
    records,
    tap: pipeline.tapOn,
    recall: recallBytes > 0,
    ...counted,
    rowsTaken: pipeline.rowsTaken,
    entriesTaken: pipeline.entriesTaken,
    tapTaken: pipeline.tapTaken,
  });
}
