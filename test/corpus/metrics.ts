/** Hits out of attempts per metric, with the misses by name. */
export interface Miss {
  capture: string;
  tuple: string;
  got: string;
  want: string;
}

export interface Metric {
  hits: number;
  attempts: number;
  misses: Miss[];
}

export class Metrics {
  readonly values = new Map<string, Metric>();

  add(name: string, hit: boolean, miss: Miss): void {
    const metric = this.values.get(name) ?? { hits: 0, attempts: 0, misses: [] };
    this.values.set(name, metric);
    metric.attempts++;
    if (hit) metric.hits++;
    else metric.misses.push(miss);
  }

  /** Share of hits; NaN when there was no attempt, so that no threshold passes on nothing. */
  rate(name: string): number {
    const metric = this.values.get(name);
    return metric === undefined ? Number.NaN : metric.hits / metric.attempts;
  }

  /** One line per metric: name, rate, hits of attempts. */
  table(): string {
    return [...this.values]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, { hits, attempts }]) => `${name.padEnd(34)} ${(hits / attempts).toFixed(4)}  ${hits} of ${attempts}`)
      .join('\n');
  }

  missLines(): string {
    return [...this.values]
      .flatMap(([name, { misses }]) => misses.map((miss) => `${name}\t${miss.capture}\t${miss.tuple}\tgot ${miss.got}\twant ${miss.want}`))
      .join('\n');
  }
}
