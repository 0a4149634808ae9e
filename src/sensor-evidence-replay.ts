/** The evidence of an alert, replayed through a whole sensor. */
import type { DetectOptions, TrackingOptions } from './config/options.ts';
import type { AlertRecord } from './detect/alert.ts';
import type { DetectEvent } from './detect/events.ts';
import type { ExplainedFlow, StoredAlert } from './detect/explanation.ts';
import type { FlowRecord } from './flow/record.ts';
import type { RunSummary } from './merge/summary.ts';
import { Sensor } from './sensor.ts';
import type { SensorSettings } from './sensor-settings.ts';

/** Beyond this (some 100 MB, and a tenth of a second for each run of a rule) the events are given up. */
export const MOST_EVENTS = 250_000;
const MOST_FLOWS = 20;

export interface ExplainRequest {
  readonly alert: StoredAlert;
  /** A capture file with the packets of the alert. */
  readonly evidence: string;
  /** What was in force when the alert was raised; defaults where nothing is said. */
  readonly detect?: Partial<DetectOptions>;
  readonly tracking?: Partial<TrackingOptions>;
}

/** What a configuration says of one rule. */
export type RuleTable = DetectOptions['rules'][string];

export interface Replayed {
  /** The latest record of each alert. */
  readonly alerts: readonly AlertRecord[];
  /** null when there were more than `MOST_EVENTS`. */
  readonly events: readonly DetectEvent[] | null;
  /** Epoch seconds of stream time 0. */
  readonly baseSeconds: number;
  readonly summary: RunSummary;
  /** Those that the alert names, at most `MOST_FLOWS`. */
  readonly flows: readonly FlowRecord[];
}

/** With `table` in place of what the configuration says of the alert's rule. @throws SensorError SOURCE_*, CONFIG */
export type EvidenceReplay = (table: RuleTable) => Promise<Replayed>;

function endText({ ip, port }: FlowRecord['endpoint_a']): string {
  if (port === null) return ip;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export function explainedFlow(record: FlowRecord): ExplainedFlow {
  const { endpoint_a, endpoint_b, community_id, protocol, packets_total, bytes_total, first_seen, last_seen } = record;
  const [client, server] = record.client === 'a_to_b' ? [endpoint_a, endpoint_b] : [endpoint_b, endpoint_a];
  return {
    community_id,
    protocol,
    source: endText(client),
    target: endText(server),
    packets: packets_total,
    bytes: bytes_total,
    first_seen,
    last_seen,
  };
}

type RuleTables = DetectOptions['rules'];

const withTable = (tables: RuleTables | undefined, kind: string, table: RuleTable): RuleTables => ({
  ...tables,
  [kind]: { ...tables?.[kind], ...table },
});

/**
 * Replays the evidence with `table` over what the configuration says of the rule, in a network where it has settings of its
 * own there. One shard: verdicts do not depend on it.
 */
export function evidenceReplay({ alert, evidence, detect, tracking }: ExplainRequest, network: string | null): EvidenceReplay {
  const wanted = new Set(alert.flows);
  return async (table) => {
    const { rules, networks } = detect ?? {};
    const changed: Partial<DetectOptions> =
      network === null
        ? { rules: withTable(rules, alert.kind, table) }
        : { networks: { ...networks, [network]: withTable(networks?.[network], alert.kind, table) } };
    const settings: SensorSettings = {
      input: { kind: 'replay', files: [evidence] },
      tracking: { ...tracking, shards: 1 },
      detect: { ...detect, enabled: true, evidenceDir: null, ...changed },
    };
    await using sensor = new Sensor(settings);
    const alerts = new Map<string, AlertRecord>();
    const flows: FlowRecord[] = [];
    let events: DetectEvent[] | null = [];
    let baseSeconds = 0;
    sensor.on('alert', (record) => void alerts.set(record.alert_id, record));
    sensor.on('detect', (ofTick, base) => {
      baseSeconds = base;
      if (events !== null && events.length + ofTick.length > MOST_EVENTS) events = null;
      for (const event of ofTick) events?.push(event);
    });
    const stream = sensor.flows();
    const taken = (async () => {
      for await (const flow of stream) {
        if (flow.record === 'final' && flows.length < MOST_FLOWS && wanted.has(flow.community_id)) flows.push(flow);
      }
    })();
    taken.catch(() => {});
    await sensor.start();
    const summary = await sensor.done;
    await taken;
    // A capture that was cut in the middle of a packet is read up to there.
    if (summary.error !== null && summary.error.code !== 'SOURCE_TRUNCATED') throw summary.error;
    return { alerts: [...alerts.values()], events, baseSeconds, summary, flows };
  };
}

/** The stored alert among those of the replay: the same one, else the same rule about the same. */
export function recomputedIn({ alerts }: Replayed, alert: StoredAlert): AlertRecord | null {
  const ofKind = alerts.filter(({ kind }) => kind === alert.kind);
  const about = ofKind.filter(({ source, target }) => source === alert.source && target === alert.target);
  return ofKind.find(({ alert_id }) => alert_id === alert.alert_id) ?? about[0] ?? null;
}

/** Whether an alert that a replay with another setting gives is the one that was to be silenced. */
export function isSilent({ alerts }: Replayed, fired: AlertRecord): boolean {
  const sameSubject = (record: AlertRecord): boolean =>
    fired.source === null ? record.target === fired.target : record.source === fired.source;
  return !alerts.some((record) => record.kind === fired.kind && record.severity === fired.severity && sameSubject(record));
}
