/** Attempts of a tick that are too many to be told one by one, of all shards together. */
import type { DetectBatch } from './batch.ts';
import type { EntryReader } from './entry-reader.ts';
import { type FlowTuple, OPENS_TOLD, type SurgeEvent } from './events.ts';
import { HyperLogLog } from './state/hyperloglog.ts';

const BUCKETS = 4096;

type Service = Pick<FlowTuple, 'protocol' | 'target' | 'targetPort'>;

export class TickSurges {
  private readonly surges = new Map<string, SurgeEvent & { opens: number }>();
  /** Attempts per bucket of services, when there are so many that one service may have too many. */
  private readonly crowds: Uint32Array | null;
  private readonly perService = new Map<string, number>();
  private readonly moments: EntryReader;
  private readonly at: number;

  /** `opens`: the attempts among the moments of a tick that ends at `at`. */
  constructor(batches: readonly DetectBatch[], at: number, moments: EntryReader, opens: Uint32Array) {
    this.at = at;
    this.moments = moments;
    for (const { surges } of batches) {
      for (const { protocol, target, targetPort, opens, registers } of surges) {
        const surge = this.surgeOf({ protocol, target, targetPort });
        surge.opens += opens;
        surge.sources.merge(new HyperLogLog(registers));
      }
    }
    this.crowds = opens.length > OPENS_TOLD ? crowdsOf(moments, opens) : null;
  }

  /** Whatever number of shards told them: of the attempts at one service only the first ones stay events. */
  isWithinLimit(offset: number): boolean {
    const { moments, crowds } = this;
    if (crowds === null || crowds[moments.serviceBucket(offset, BUCKETS)] <= OPENS_TOLD) return true;
    const service = { protocol: moments.protocol(offset), target: moments.target(offset), targetPort: moments.targetPort(offset) };
    const key = serviceKey(service);
    const count = (this.perService.get(key) ?? 0) + 1;
    this.perService.set(key, count);
    if (count <= OPENS_TOLD) return true;
    const surge = this.surgeOf(service);
    surge.opens++;
    surge.sources.add(moments.source(offset));
    return false;
  }

  inOrder(): SurgeEvent[] {
    return [...this.surges.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, surge]) => surge);
  }

  private surgeOf(service: Service): SurgeEvent & { opens: number } {
    const key = serviceKey(service);
    let surge = this.surges.get(key);
    if (surge === undefined) {
      surge = { type: 'surge', at: this.at, ordinal: 0, ...service, opens: 0, sources: new HyperLogLog() };
      this.surges.set(key, surge);
    }
    return surge;
  }
}

/** Null when no bucket has more than may be told. */
function crowdsOf(moments: EntryReader, opens: Uint32Array): Uint32Array | null {
  const crowds = new Uint32Array(BUCKETS);
  return countCrowds(moments, opens, crowds) > OPENS_TOLD ? crowds : null;
}

// A loop that stands alone, as in merge-batches.ts.
function countCrowds(moments: EntryReader, opens: Uint32Array, crowds: Uint32Array): number {
  let largest = 0;
  for (let i = 0; i < opens.length; i++) {
    const bucket = moments.serviceBucket(moments.offset(opens[i]), BUCKETS);
    crowds[bucket]++;
    if (crowds[bucket] > largest) largest = crowds[bucket];
  }
  return largest;
}

function serviceKey({ protocol, target, targetPort }: Service): string {
  return `${protocol} ${targetPort} ${target}`;
}
