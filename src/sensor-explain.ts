/**
 * Why there was an alert: its evidence is replayed through a sensor with the same settings, and the events that the rules
 * saw are kept, so that the rule can be run again over them with other settings.
 *
 *   evidence ──Sensor──▶ alerts   (does it fire again?)
 *                   └──▶ events ──rule, other settings──▶ silent? ──Sensor, that setting──▶ verified
 */
import { DEFAULT_DETECT, type DetectOptions } from './config/options.ts';
import { type AlertRecord, alertId } from './detect/alert.ts';
import type { ExplainedSetting, Explanation, StoredAlert } from './detect/explanation.ts';
import { configName } from './detect/rule-settings.ts';
import {
  type EvidenceReplay,
  type ExplainRequest,
  evidenceReplay,
  explainedFlow,
  MOST_EVENTS,
  type Replayed,
  recomputedIn,
} from './sensor-evidence-replay.ts';
import type { BenchFinding, RuleBench } from './sensor-rule-bench.ts';

/** What rules call the time in which everything new is taken as known. */
const LEARN_SECS = 'learn_secs';

interface AlertReplay {
  readonly replayed: Replayed;
  readonly recomputed: AlertRecord | null;
  /** Settings of the rule that were changed for the replay. */
  readonly base: Readonly<Record<string, number>>;
}

function notesOf(alert: StoredAlert, bench: RuleBench, { replayed, recomputed, base }: AlertReplay): string[] {
  const notes: string[] = [];
  const fires = recomputed !== null;
  if (LEARN_SECS in base) notes.push(`Replayed with ${LEARN_SECS} = 0: by then the sensor had learned what the evidence does not show.`);
  if (bench.network !== null) notes.push(`The settings are those of the network ${bench.network}.`);
  if (!bench.enabled) notes.push(`The rule is switched off (${bench.origins.enabled ?? 'by itself'}).`);
  const changed = Object.entries(alert.threshold).filter(([name, value]) => name in bench.inForce && bench.inForce[name] !== value);
  for (const [name, value] of changed) notes.push(`When the alert was raised, ${name} was ${value}; now it is ${bench.inForce[name]}.`);
  const allowed = replayed.summary.alerts?.allowed ?? 0;
  if (!fires && allowed > 0) notes.push(`The allow list covers ${allowed} findings of the evidence.`);
  if (!fires && alert.evidence?.complete === false)
    notes.push('The evidence is not complete: packets were no longer there when it was kept.');
  if (!fires && alert.kind === 'capture_loss') notes.push('Counters of drops are no part of a capture file.');
  if (replayed.events === null) notes.push(`The evidence gives more than ${MOST_EVENTS} events; no silencing values were looked for.`);
  return notes;
}

/** The key under which the rule knows the alert, from the finding that gives its id. */
function keyOfAlert(findings: readonly BenchFinding[], record: AlertRecord, baseSeconds: number): string | null {
  const found = findings.find(({ key, finding }) => alertId(record.kind, key, baseSeconds, finding.at) === record.alert_id);
  return found?.key ?? null;
}

/** The setting of rules that take everything new as known for a time: a capture of the alert alone begins too late for that. */
function learningTable(rule: RuleBench['rule']): Record<string, number> | null {
  return LEARN_SECS in rule.settings ? { [LEARN_SECS]: 0 } : null;
}

/** Replays as configured and, where that gives nothing, once more as if the sensor had learned before. */
async function replayAlert(replay: EvidenceReplay, alert: StoredAlert, rule: RuleBench['rule']): Promise<AlertReplay> {
  const replayed = await replay({});
  const recomputed = recomputedIn(replayed, alert);
  const table = learningTable(rule);
  if (recomputed !== null || table === null) return { replayed, recomputed, base: {} };
  const again = await replay(table);
  const fired = recomputedIn(again, alert);
  return fired === null ? { replayed, recomputed, base: {} } : { replayed: again, recomputed: fired, base: table };
}

/** null when the alert does not fire, or its events are not there. */
async function openSearch(bench: RuleBench, { replayed, recomputed, base }: AlertReplay, replay: EvidenceReplay) {
  if (recomputed === null || replayed.events === null) return null;
  const key = keyOfAlert(await bench.run(base), recomputed, replayed.baseSeconds);
  if (key === null) return null;
  const { SilenceSearch } = await import('./sensor-silence.ts');
  return new SilenceSearch(bench, base, replay, recomputed, key);
}

/**
 * Recomputes an alert from its evidence and says which change of each setting would have silenced it.
 * @throws SensorError SOURCE_* when the evidence cannot be read, CONFIG for settings that are wrong, USAGE for an unknown rule
 */
export async function explainAlert(request: ExplainRequest): Promise<Explanation> {
  const { alert, evidence } = request;
  // The rules come with the public suffix list: who imports the library does not pay for it.
  const { openBench } = await import('./sensor-rule-bench.ts');
  const detect: DetectOptions = { ...DEFAULT_DETECT, ...request.detect, enabled: true };
  // Refuses an alert of an unknown rule before anything is replayed.
  const { rule, network } = await openBench(detect, alert, []);
  const replay = evidenceReplay(request, network);
  const alertReplay = await replayAlert(replay, alert, rule);
  const { replayed, recomputed, base } = alertReplay;
  const bench = await openBench(detect, alert, replayed.events ?? []);
  const search = await openSearch(bench, alertReplay, replay);
  const settings: ExplainedSetting[] = [];
  for (const [name, { unit, description }] of Object.entries(rule.settings)) {
    const written = configName(name);
    const from = bench.origins[written] ?? 'default';
    const silenced_by = (await search?.one(name)) ?? null;
    settings.push({ name: written, value: base[name] ?? bench.inForce[name], unit, description, from, silenced_by });
  }
  const alone = settings.some(({ silenced_by }) => silenced_by !== null);
  const { kind, title, description, severity, confidence, mitre } = rule;
  const { frames_read, first_packet, last_packet } = replayed.summary;
  return {
    alert,
    fires: recomputed !== null,
    same_id: recomputed?.alert_id === alert.alert_id,
    recomputed,
    rule: { kind, title, description, severity, confidence, mitre, enabled: bench.enabled },
    evidence: { file: evidence, packets: frames_read, complete: alert.evidence?.complete ?? null, first_packet, last_packet },
    flows: replayed.flows.map(explainedFlow),
    settings,
    silenced_together: alone ? null : ((await search?.together()) ?? null),
    notes: notesOf(alert, bench, alertReplay),
    runs: search?.runs ?? 0,
  };
}
