/**
 * `packets_YYYYMMDD.csv`, `alerts_YYYYMMDD.csv` and `flows_YYYYMMDD.csv` in the data directory. The day is the local one of
 * the packet, the alert, the end of the flow, so a replayed capture goes to the days that it is of.
 */
import type { Flow, PacketRow } from '../api/contract.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { textCell } from '../export/csv-encoder.ts';
import { type Format, numberText } from '../export/record-shape.ts';
import { DailyFile } from './daily-file.ts';

interface Column<Row> {
  name: string;
  format: Format;
  of: (row: Row) => string | number | null;
}

function column<Row>(name: string, format: Format, of: Column<Row>['of']): Column<Row> {
  return { name, format, of };
}

const PACKET_COLUMNS: readonly Column<PacketRow>[] = [
  column('time', 'time', ({ time }) => time),
  column('ordinal', 'integer', ({ ordinal }) => ordinal),
  column('interface', 'text', (packet) => packet.interface),
  column('source', 'text', ({ source }) => source),
  column('destination', 'text', ({ destination }) => destination),
  column('protocol', 'text', ({ protocol }) => protocol),
  column('length', 'integer', ({ length }) => length),
  column('summary', 'text', ({ summary }) => summary),
];

const pairs = (values: Readonly<Record<string, number | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

const ALERT_COLUMNS: readonly Column<AlertRecord>[] = [
  column('time', 'time', ({ ts }) => ts),
  column('alert_id', 'text', ({ alert_id }) => alert_id),
  column('kind', 'text', ({ kind }) => kind),
  column('severity', 'text', ({ severity }) => severity),
  column('confidence', 'decimal', ({ confidence }) => confidence),
  column('source', 'text', ({ source }) => source),
  column('target', 'text', ({ target }) => target),
  column('description', 'text', ({ description }) => description),
  column('observed', 'text', ({ observed }) => pairs(observed)),
  column('threshold', 'text', ({ threshold }) => pairs(threshold)),
  column('window_secs', 'decimal', ({ window_secs }) => window_secs),
  column('first_seen', 'time', ({ first_seen }) => first_seen),
  column('last_seen', 'time', ({ last_seen }) => last_seen),
  column('count', 'integer', ({ count }) => count),
  column('flows', 'text', ({ flows }) => flows.join(' ')),
  column('mitre', 'text', ({ mitre }) => mitre.map(({ technique }) => technique).join(' ')),
  column('suppressed', 'text', ({ suppressed }) => String(suppressed)),
];

function endColumns(side: 'initiator' | 'responder'): Column<Flow>[] {
  return [
    column(`${side}_ip`, 'text', (flow) => flow[side].ip),
    column(`${side}_port`, 'integer', (flow) => flow[side].port),
    column(`${side}_mac`, 'text', (flow) => flow[side].mac),
    column(`${side}_name`, 'text', (flow) => flow[side].name),
    column(`${side}_country`, 'text', (flow) => flow[side].country),
    column(`${side}_asn`, 'text', (flow) => flow[side].asn),
  ];
}

const FLOW_COLUMNS: readonly Column<Flow>[] = [
  column('first_seen', 'time', (flow) => flow.first_seen),
  column('last_seen', 'time', (flow) => flow.last_seen),
  column('duration_secs', 'time', (flow) => flow.duration_secs),
  column('flow_id', 'text', (flow) => flow.flow_id),
  column('community_id', 'text', (flow) => flow.community_id),
  column('protocol', 'text', (flow) => flow.protocol),
  column('app', 'text', (flow) => flow.app),
  column('category', 'text', (flow) => flow.category),
  ...endColumns('initiator'),
  ...endColumns('responder'),
  column('direction', 'text', (flow) => flow.direction),
  column('host', 'text', (flow) => flow.host),
  column('packets', 'integer', (flow) => flow.packets),
  column('bytes', 'integer', (flow) => flow.bytes),
  column('bytes_out', 'integer', (flow) => flow.bytes_out),
  column('bytes_in', 'integer', (flow) => flow.bytes_in),
  column('rtt_ms', 'decimal', (flow) => flow.rtt_ms),
  column('retransmissions', 'integer', (flow) => flow.retransmissions),
  column('conn_state', 'text', (flow) => flow.conn_state),
  column('history', 'text', (flow) => flow.history),
  column('end_reason', 'text', (flow) => flow.end_reason),
  column('risk_score', 'integer', (flow) => flow.risk_score),
  column('vlan', 'text', (flow) => flow.vlan.join(' ')),
];

const headerOf = (columns: readonly { name: string }[]): string => `${columns.map(({ name }) => name).join(',')}\n`;

function rowOf<Row>(columns: readonly Column<Row>[], row: Row): string {
  const cells = columns.map(({ format, of }) => {
    const value = of(row);
    return typeof value === 'string' ? textCell(value) : (numberText(format, value) ?? '');
  });
  return `${cells.join(',')}\n`;
}

export interface DailyCsvOptions {
  /** Days kept of each kind, the newest included; 30 by default. */
  days?: number;
}

export class DailyCsv {
  readonly #packets: DailyFile;
  readonly #alerts: DailyFile;
  readonly #flows: DailyFile;

  private constructor(directory: string, days: number) {
    this.#packets = new DailyFile({ directory, name: 'packets', header: headerOf(PACKET_COLUMNS), days });
    this.#alerts = new DailyFile({ directory, name: 'alerts', header: headerOf(ALERT_COLUMNS), days });
    this.#flows = new DailyFile({ directory, name: 'flows', header: headerOf(FLOW_COLUMNS), days });
  }

  /** The directory must be there. Files appear with their first row. */
  static open(directory: string, options: DailyCsvOptions = {}): DailyCsv {
    return new DailyCsv(directory, options.days ?? 30);
  }

  /** One of the sampled packets. Never throws. */
  packet(packet: PacketRow): void {
    this.#packets.add(packet.time, rowOf(PACKET_COLUMNS, packet));
  }

  /** A new or repeated alert. Never throws. */
  alert(alert: AlertRecord): void {
    this.#alerts.add(alert.last_seen, rowOf(ALERT_COLUMNS, alert));
  }

  /** Of ended flows only: an interim one is written when it has ended. Never throws. */
  flow(line: Flow): void {
    if (line.state === 'ended') this.#flows.add(line.last_seen, rowOf(FLOW_COLUMNS, line));
  }

  /**
   * Hands what has come to the system. Each file is tried; rows that could not be written are gone, later ones may get through.
   * @throws SensorError OUTPUT for the first file that failed since the last flush
   */
  flush(): void {
    const failures: unknown[] = [];
    for (const file of [this.#packets, this.#alerts, this.#flows]) {
      try {
        file.flush();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Also waits for the compression of old days. @throws SensorError OUTPUT */
  async close(): Promise<void> {
    const closed = await Promise.allSettled([this.#packets, this.#alerts, this.#flows].map((file) => file.close()));
    const failed = closed.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
