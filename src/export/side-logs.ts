/**
 * The logs beside the flow records: transactions (`--dns-jsonl`, `--tls-jsonl`, `--http-jsonl`) and flow events
 * (`--events-jsonl`). Their records come through the outbox like flow records, each with the row of its flow, and are
 * written in the order of the tick.
 */
import type { Transaction } from '../app/transactions.ts';
import type { OutputOptions } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import { noteBytes, rowOffsets } from '../flow/entry.ts';
import { materialise, type RecordContext } from '../flow/materialise.ts';
import type { FlowRecord } from '../flow/record.ts';
import { F_RECORD_KIND, RecordForm } from '../flow/row.ts';
import { type RowView, rowView } from '../flow/row-view.ts';
import { type EventContext, eventLine, type FlowEvent } from './event-record.ts';
import { type Output, openOutput } from './output-file.ts';

type LogName = Transaction['log'] | 'events';

interface SideLog {
  name: LogName;
  output: Output;
  lines: string[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class SideLogs {
  readonly #logs: SideLog[];
  readonly #events: EventContext;
  #failure: SensorError | null = null;

  private constructor(logs: SideLog[], events: EventContext) {
    this.#logs = logs;
    this.#events = events;
  }

  /** @throws SensorError OUTPUT when a path cannot be written; what was opened is closed again */
  static async open(options: OutputOptions, events: EventContext): Promise<SideLogs> {
    const logs: SideLog[] = [];
    const wanted: [LogName, string | null][] = [
      ['dns', options.dnsJsonl],
      ['tls', options.tlsJsonl],
      ['http', options.httpJsonl],
      ['events', options.eventsJsonl],
    ];
    try {
      for (const [name, path] of wanted) {
        if (path !== null && path !== '') logs.push({ name, output: await openOutput(path, 'stream', process.stdout), lines: [] });
      }
    } catch (error) {
      await Promise.all(logs.map(({ output }) => output.abandon()));
      throw error;
    }
    return new SideLogs(logs, events);
  }

  /** Where they write, and how long the writes have taken. */
  get written(): readonly Pick<Output, 'path' | 'waitedMs'>[] {
    return this.#logs.map(({ output }) => output);
  }

  /** The first failure; after it nothing more is written. */
  get failure(): SensorError | null {
    return this.#failure;
  }

  /** Takes the side records of one tick, in order. Never rejects. */
  async write(entries: Uint8Array, context: RecordContext): Promise<void> {
    if (entries.length === 0 || this.#failure !== null) return;
    const row = rowView(entries);
    for (const offset of rowOffsets(entries)) this.#add(row, offset, context);
    for (const log of this.#logs) await this.#flush(log);
  }

  #add(row: RowView, offset: number, context: RecordContext): void {
    if (row.bytes[offset + F_RECORD_KIND] === RecordForm.EVENT) {
      this.#log('events')?.lines.push(eventLine(materialise(row, offset, context) as FlowEvent, this.#events));
      return;
    }
    const entry = JSON.parse(decoder.decode(noteBytes(row.bytes, offset))) as Transaction;
    const log = this.#log(entry.log);
    if (log === undefined) return;
    log.lines.push(transactionLine(entry, materialise(row, offset, { ...context, app: false, processes: false })));
  }

  #log(name: LogName): SideLog | undefined {
    return this.#logs.find((log) => log.name === name);
  }

  async #flush(log: SideLog): Promise<void> {
    if (log.lines.length === 0) return;
    const text = `${log.lines.join('\n')}\n`;
    log.lines = [];
    try {
      await log.output.write(encoder.encode(text));
      await log.output.flush();
    } catch (error) {
      this.#failure ??= error as SensorError;
    }
  }

  /** @throws SensorError OUTPUT for the first failure of the whole run */
  async close(): Promise<void> {
    for (const { output } of this.#logs) {
      if (this.#failure === null) await output.commit();
      else await output.abandon();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async abort(): Promise<void> {
    await Promise.all(this.#logs.map(({ output }) => output.abandon()));
  }
}

/** Time, flow and endpoints as in the flow record, client first; then the transaction. */
function transactionLine(entry: Transaction, flow: FlowRecord): string {
  const { log: _, ...rest } = entry;
  const [client, server] = flow.client === 'a_to_b' ? [flow.endpoint_a, flow.endpoint_b] : [flow.endpoint_b, flow.endpoint_a];
  return JSON.stringify({
    ts: Number(flow.last_seen.toFixed(6)),
    flow_id: flow.flow_id,
    community_id: flow.community_id,
    protocol: flow.protocol,
    client_ip: client.ip,
    client_port: client.port,
    server_ip: server.ip,
    server_port: server.port,
    ...rest,
  });
}
