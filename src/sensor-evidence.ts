/** Keeps the packets that show what alerts say: out of the recent packets into a folder, a capture file for each alert. */
import type { SensorOptions } from './config/options.ts';
import type { AlertChange, AlertEvidence } from './detect/alert.ts';
import { EvidenceFolder } from './export/evidence-folder.ts';
import { pcapngFile } from './export/pcapng-file.ts';
import type { EvidenceTotals } from './merge/summary.ts';
import type { Recall } from './sensor-recall.ts';

/** Packets of one alert: the newest. Rules count to hundreds; floods go on for millions. */
const MOST_PACKETS = 5000;
/** Each costs a look at all recent packets of its time, some 15 ms for 64 MiB, on the thread that merges ticks. */
const MOST_PER_TICK = 32;
const MIB = 2 ** 20;

export interface EvidenceSources {
  recall: Recall;
  /** Name of the interface with that index. */
  sourceName(source: number): string | null;
  warn(code: string, message: string): void;
}

export class Evidence {
  readonly #folder: EvidenceFolder;
  readonly #sources: EvidenceSources;
  readonly #totals = { written: 0, failed: 0, passed_over: 0 };
  #leftInTick = MOST_PER_TICK;

  private constructor(folder: EvidenceFolder, sources: EvidenceSources) {
    this.#folder = folder;
    this.#sources = sources;
  }

  /** null when it is not asked for. @throws SensorError OUTPUT when the folder cannot be written to */
  static async open({ detect }: SensorOptions, sources: EvidenceSources): Promise<Evidence | null> {
    if (!detect.enabled || detect.evidenceDir === null) return null;
    return new Evidence(await EvidenceFolder.open(detect.evidenceDir, detect.evidenceMaxMb * MIB), sources);
  }

  beginTick(): void {
    this.#leftInTick = MOST_PER_TICK;
  }

  /** Writes the packets of an alert that are still there, in place of those before. null when there is nothing to keep. */
  async keep({ alert, proof }: AlertChange): Promise<AlertEvidence | null> {
    if (proof === null) return null;
    if (this.#leftInTick === 0) {
      this.#totals.passed_over++;
      return null;
    }
    this.#leftInTick--;
    const { fromNs, toNs, firstNs, clauses } = proof;
    const { packets, lostUntilNs, more } = this.#sources.recall.matching({ fromNs, toNs, clauses, limit: MOST_PACKETS, newest: true });
    const [first] = packets;
    if (first === undefined) return { pcap: null, packets: 0, complete: false };
    const complete = lostUntilNs < firstNs && (!more || first.streamNs < firstNs);
    const comment = `${alert.kind} ${alert.alert_id}: ${alert.description}`;
    const file = pcapngFile(packets, { comment, interfaceName: (source) => this.#sources.sourceName(source) });
    return { pcap: await this.#write(alert.alert_id, file), packets: packets.length, complete };
  }

  async #write(alertId: string, file: Uint8Array): Promise<string | null> {
    try {
      const path = await this.#folder.write(alertId, file);
      this.#totals[path === null ? 'failed' : 'written']++;
      return path;
    } catch (error) {
      if (this.#totals.failed++ === 0) this.#sources.warn('OUTPUT', error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  get totals(): EvidenceTotals {
    return { ...this.#totals, removed: this.#folder.removed };
  }
}
