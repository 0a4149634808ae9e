/**
 * A running sensor, as the API sees one, without a sensor: flows, devices and alerts that are always the same, and
 * ticks, alerts and device events when a test says so.
 */
import type { Alert, AlertMessage, DeviceMessage, Flow, FlowPage, FrameMessage, PacketRow } from '../../src/api/contract.ts';
import type { AlertQuery, ApiSources, DeviceQuery, FlowQuery, History, LiveState } from '../../src/api/sources.ts';
import { SensorError } from '../../src/errors.ts';
import { flowLine } from '../../src/store/flow-line.ts';
import { accountingAt, CONFIG, DEVICES, deviceDetail, HEALTH, packetDetail, sampleAlert, seriesOf, statsAt } from './api-content.ts';
import { sampleFlow } from './api-flows.ts';

const STORED_FLOWS = 250;
const LIVE_FLOWS = 40;
const ALERTS = 12;
/** Packets that are kept: these ordinals. */
const PACKETS = { oldest: 101, newest: 300 };

const LOOKUPS = {
  name: (_mac: string | null, ip: string) => (ip === '192.168.1.10' ? 'diskstation' : null),
  country: (ip: string) => (ip.startsWith('203.') ? 'DE' : null),
  asn: (ip: string) => (ip.startsWith('203.') ? 'AS64500 Example' : null),
};

/** A page from a list that is in order: the cursor is the key of the last row. */
function page<T>(rows: readonly T[], limit: number, cursor: string | null, keyOf: (row: T) => string): { rows: T[]; next: string | null } {
  const start = cursor === null ? 0 : rows.findIndex((row) => keyOf(row) === cursor) + 1;
  if (cursor !== null && start === 0) throw new SensorError('USAGE', `cursor '${cursor}' belongs to no page`);
  const part = rows.slice(start, start + limit);
  return { rows: part, next: start + limit < rows.length ? keyOf(part[part.length - 1]) : null };
}

/** Listeners of one kind of event. */
class Listeners<T> {
  readonly #all = new Set<(event: T) => void>();

  on = (listener: (event: T) => void): (() => void) => {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  };

  get size(): number {
    return this.#all.size;
  }

  emit(event: T): void {
    for (const listener of this.#all) listener(event);
  }
}

export class FakeSensor {
  readonly flows: Flow[] = Array.from({ length: STORED_FLOWS }, (_, index) => flowLine(sampleFlow(index), 'ended', LOOKUPS));
  readonly alerts: Alert[] = Array.from({ length: ALERTS }, (_, index) => sampleAlert(index));
  /** What was asked of the history last. */
  asked: { flows?: FlowQuery; alerts?: AlertQuery; devices?: DeviceQuery } = {};
  readonly frames = new Listeners<FrameMessage>();
  readonly alertEvents = new Listeners<AlertMessage>();
  readonly deviceEvents = new Listeners<DeviceMessage>();
  /** Replace a part to see what the API does about it. */
  readonly live: LiveState;
  readonly sources: ApiSources;
  /** Added to the numbers of `counters()`. */
  extraCounters: Record<string, number | null> = {};
  #frame: FrameMessage | null = null;
  #tick = 0;

  constructor() {
    this.live = this.#live();
    this.sources = {
      history: this.#history(),
      live: this.live,
      events: { onFrame: this.frames.on, onAlert: this.alertEvents.on, onDevice: this.deviceEvents.on },
      changes: { acknowledge: (id, by, note, undo) => Promise.resolve(this.#acknowledge(id, by, note, undo)) },
    };
  }

  get listeners(): number {
    return this.frames.size + this.alertEvents.size + this.deviceEvents.size;
  }

  /** `topFlows` more make frames larger. */
  tick(topFlows = 3): FrameMessage {
    this.#tick++;
    const top = this.flows.slice(0, topFlows).map((flow) => ({ flow, bps: 8000, pps: 10 }));
    this.#frame = { type: 'frame', frame_seq: this.#tick, stats: statsAt(this.#tick, this.alerts), top };
    this.frames.emit(this.#frame);
    return this.#frame;
  }

  raise(): Alert {
    const alert = sampleAlert(this.alerts.length);
    this.alerts.push(alert);
    this.alertEvents.emit({ type: 'alert', is_new: true, alert });
    return alert;
  }

  changeDevice(): void {
    this.deviceEvents.emit({ type: 'device', is_new: false, device: DEVICES[0] });
  }

  #acknowledge(id: string, by: string, note: string, undo: boolean): boolean {
    const alert = this.alerts.find((candidate) => candidate.alert_id === id);
    if (alert === undefined) return false;
    alert.acknowledged = undo ? null : { by, at: 1_700_000_500, note: note === '' ? null : note };
    return true;
  }

  #flowPage(query: FlowQuery): FlowPage {
    this.asked.flows = query;
    const isAt = (flow: Flow) => query.mac === null || flow.initiator.mac === query.mac || flow.responder.mac === query.mac;
    const rows = this.flows
      .filter((flow) => isAt(flow) && (query.protocol === null || flow.protocol === query.protocol))
      .sort((a, b) => (query.descending ? -1 : 1) * (a.last_seen - b.last_seen));
    const found = page(rows, query.limit, query.cursor, (flow) => flow.flow_id);
    return { flows: found.rows, next: found.next };
  }

  #history(): History {
    let asked = 0;
    return {
      // Tests change what is here without telling: nothing may be taken for known.
      version: () => ++asked,
      devices: (query) => {
        this.asked.devices = query;
        const rows = DEVICES.filter(({ mac, hostname }) => query.text === null || `${mac} ${hostname ?? ''}`.includes(query.text));
        const found = page(rows, query.limit, query.cursor, (row) => row.mac);
        return { devices: found.rows, next: found.next };
      },
      device: (mac) => {
        const row = DEVICES.find((candidate) => candidate.mac === mac);
        return row === undefined ? null : deviceDetail(row);
      },
      flows: (query) => this.#flowPage(query),
      flow: (id) => {
        const number = this.flows.findIndex((flow) => flow.flow_id === id);
        return number < 0 ? null : { ...this.flows[number], record: { ...sampleFlow(number) } };
      },
      alerts: (query) => {
        this.asked.alerts = query;
        const rows = this.alerts.filter((alert) => query.suppressed || !alert.suppressed).toReversed();
        const found = page(rows, query.limit, query.cursor, (alert) => alert.alert_id);
        return { alerts: found.rows, next: found.next };
      },
      alert: (id) => this.alerts.find((alert) => alert.alert_id === id) ?? null,
      topology: ({ limit }) => {
        const nodes = DEVICES.slice(0, limit).map(({ mac, hostname, kind }) => ({
          id: mac,
          label: hostname ?? mac,
          group: kind,
          bytes: 1000,
          flows: 3,
        }));
        const links = nodes.slice(1).map(({ id }) => ({ source: id, target: nodes[0].id, value: 500, flows: 2 }));
        return { nodes, links, hidden: DEVICES.length - nodes.length };
      },
      timeSeries: ({ points }) => seriesOf(points),
      protocols: () => ({
        applications: [{ protocol: 'tls', flows: 50, packets: 1000, bytes: 640_000 }],
        transports: [{ protocol: 'tcp', flows: 150, packets: 3000, bytes: 1_640_000 }],
      }),
    };
  }

  #live(): LiveState {
    const rows = (limit: number, before: number | null): PacketRow[] => {
      const newest = Math.min(PACKETS.newest, (before ?? Number.POSITIVE_INFINITY) - 1);
      const count = Math.max(0, Math.min(limit, newest - PACKETS.oldest + 1));
      return Array.from({ length: count }, (_, index) => {
        const { captured: _captured, layers: _layers, hex: _hex, ...row } = packetDetail(newest - index);
        return row;
      });
    };
    return {
      frame: () => this.#frame,
      flows: (limit) => Promise.resolve(Array.from({ length: LIVE_FLOWS }, (_, index) => sampleFlow(1000 + index)).slice(0, limit)),
      accounting: () => Promise.resolve(this.#tick === 0 ? null : accountingAt(this.#tick)),
      packets: (limit, before) => Promise.resolve({ packets: rows(limit, before), oldest: PACKETS.oldest }),
      packet: (ordinal) => Promise.resolve(ordinal < PACKETS.oldest || ordinal > PACKETS.newest ? null : packetDetail(ordinal)),
      flowPackets: (id) => {
        const isKnown = this.flows.some((flow) => flow.flow_id === id);
        return Promise.resolve(isKnown ? { file: Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a), packets: 9, complete: false } : null);
      },
      evidence: (id) => {
        const alert = this.alerts.find((candidate) => candidate.alert_id === id);
        return Promise.resolve(alert?.evidence == null ? null : Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a));
      },
      health: () => Promise.resolve(HEALTH),
      config: () => Promise.resolve(CONFIG),
      counters: () => Promise.resolve(this.extraCounters),
    };
  }
}
