/**
 * `/metrics`. Values come from the ledger, from the latest tick, and from `counters()`; a family that `counters()`
 * knows, by interface or worker, takes the place of the ledger's sum, so that nothing is counted twice.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import { type ApiContext, answerOf } from './context.ts';
import { ledgerSeries, statsSeries } from './ledger-series.ts';
import { METRIC_FAMILIES, parseSeries, type Series, seriesName } from './metric-families.ts';

interface Sample {
  labels: Record<string, string>;
  value: number;
}

const FAMILIES = new Map(METRIC_FAMILIES.map((family) => [family.name, family]));

/** Of the process as a whole, threads included. */
function processSeries(): Series {
  const { user, system } = process.cpuUsage();
  return {
    process_cpu_seconds_total: (user + system) / 1e6,
    process_resident_memory_bytes: process.memoryUsage.rss(),
    process_start_time_seconds: Math.round(Date.now() / 1000 - process.uptime()),
  };
}

export class MetricsPage {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #context: ApiContext;
  /** Answers by the first digit of their status: `2xx`. */
  readonly #requests: Record<string, number> = {};
  /** Names that `counters()` brought and nobody knows, each told once. */
  readonly #unknown = new Set<string>();
  #rendering: Promise<string> | null = null;

  constructor(context: ApiContext) {
    this.#context = context;
  }

  countRequest(statusCode: number): void {
    const code = `${Math.trunc(statusCode / 100)}xx`;
    this.#requests[code] = (this.#requests[code] ?? 0) + 1;
  }

  /** Several scrapes at once share one, so that none overtakes another and shows less. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = null;
    });
    return this.#rendering;
  }

  #ownSeries(): Series {
    const { hub } = this.#context;
    const dropped = Object.entries(hub.dropped).map(([topic, count]) => [
      seriesName('weir_api_websocket_dropped_messages_total', { topic }),
      count,
    ]);
    const requests = Object.entries(this.#requests).map(([code, count]) => [seriesName('weir_api_requests_total', { code }), count]);
    return { weir_api_websocket_clients: hub.size, ...Object.fromEntries([...dropped, ...requests]), ...processSeries() };
  }

  async #render(): Promise<string> {
    const { live } = this.#context.sources;
    const [accounting, counters] = await answerOf(this.#context, Promise.all([live.accounting(), live.counters()]));
    const frame = live.frame();
    const samples = new Map<string, Sample[]>();
    this.#add(samples, { ...(frame === null ? {} : statsSeries(frame.stats)), ...(accounting === null ? {} : ledgerSeries(accounting)) });
    const told = new Map<string, Sample[]>();
    this.#add(told, counters);
    for (const [name, values] of told) samples.set(name, values);
    this.#add(samples, this.#ownSeries());
    return this.#text(samples);
  }

  #add(samples: Map<string, Sample[]>, series: Series): void {
    for (const [text, value] of Object.entries(series)) {
      if (value === null || !Number.isFinite(value)) continue;
      const parsed = parseSeries(text);
      const family = parsed === null ? undefined : FAMILIES.get(parsed.name);
      const isKnown = family !== undefined && Object.keys(parsed?.labels ?? {}).every((label) => family.labels.includes(label));
      if (parsed === null || !isKnown || (family.type === 'counter' && value < 0)) {
        this.#warn(text);
        continue;
      }
      const list = samples.get(parsed.name) ?? [];
      list.push({ labels: parsed.labels, value });
      samples.set(parsed.name, list);
    }
  }

  #warn(series: string): void {
    if (this.#unknown.has(series) || this.#unknown.size >= FAMILIES.size) return;
    this.#unknown.add(series);
    this.#context.options.log.warn({ series: series.slice(0, 200) }, 'a metric that is not in the list of families was left out');
  }

  async #text(samples: Map<string, Sample[]>): Promise<string> {
    // A registry of its own for each scrape: a family without a known value is then absent, not 0.
    const registry = new Registry();
    for (const { name, type, help, labels } of METRIC_FAMILIES) {
      const values = samples.get(name);
      if (values === undefined) continue;
      const configuration = { name, help, labelNames: [...labels], registers: [registry] };
      if (type === 'counter') {
        const counter = new Counter(configuration);
        for (const sample of values) counter.inc(sample.labels, sample.value);
      } else {
        const gauge = new Gauge(configuration);
        for (const sample of values) gauge.set(sample.labels, sample.value);
      }
    }
    return registry.metrics();
  }
}
