/** The alerts of a running capture as its `--alerts-jsonl` file tells them, with the moment at which each line was there. */
import { existsSync } from 'node:fs';
import type { AlertRecord } from '../../src/detect/alert.ts';
import { readJsonLines } from '../support/weir-command.ts';

const POLL_MS = 20;

export interface ToldAlert extends AlertRecord {
  /** Epoch seconds, by the clock that stamps live packets. */
  told_at: number;
}

export class AlertWatch implements Disposable {
  private readonly told: ToldAlert[] = [];
  private readonly path: string;
  private readonly timer: NodeJS.Timeout;

  constructor(path: string) {
    this.path = path;
    this.timer = setInterval(() => this.read(), POLL_MS);
  }

  /** Each alert as it was told first, without its updates. */
  get alerts(): ToldAlert[] {
    const byId = new Map<string, ToldAlert>();
    for (const alert of this.told) if (!byId.has(alert.alert_id)) byId.set(alert.alert_id, alert);
    return [...byId.values()];
  }

  read(): void {
    if (!existsSync(this.path)) return;
    const records = readJsonLines<AlertRecord>(this.path).slice(this.told.length);
    const told_at = Date.now() / 1000;
    for (const record of records) this.told.push({ ...record, told_at });
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }
}
