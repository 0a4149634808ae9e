/**
 * Which stage loses packets, how many of how many, and what to do about it. Pure: two snapshots of counters in, one
 * `Advice` per stage out, in the order in which a packet passes them.
 *
 *   link ─▶ nic ─▶ softirq ─▶ socket ─▶ ring ─▶ flow_table ─▶ application ─▶ sink
 */
import type { Advice } from '../../api/contract.ts';
import { diagnoseApplication } from './application.ts';
import type { HostCounters, LossSnapshot } from './counters.ts';
import { diagnoseFlowTable } from './flow-table.ts';
import { diagnoseLink } from './link.ts';
import { diagnoseNic } from './nic.ts';
import { diagnoseRing } from './ring.ts';
import { diagnoseSink } from './sink.ts';
import { diagnoseSocket } from './socket.ts';
import { diagnoseSoftirq } from './softirq.ts';
import { type SensorSpan, unknown } from './stage.ts';

function hostStages(before: HostCounters, after: HostCounters, secs: number): Advice[] {
  const nics = after.interfaces.map(({ name }) => diagnoseNic(before, after, name, secs));
  return [...nics, diagnoseSoftirq(before, after, secs)];
}

function sensorStages(span: SensorSpan, host: readonly Advice[]): Advice[] {
  const behind = [diagnoseSocket(span), diagnoseRing(span)];
  const counted = [...host, ...behind].reduce((sum, { lost }) => sum + (lost ?? 0), 0);
  return [diagnoseLink(span, counted), ...host, ...behind, diagnoseFlowTable(span), diagnoseApplication(span), diagnoseSink(span)];
}

/** What was lost between two snapshots of one sensor, stage by stage; `unknown` where a stage has no counter. */
export function diagnoseLoss(before: LossSnapshot, after: LossSnapshot): Advice[] {
  const secs = Math.max(0, after.atMs - before.atMs) / 1000;
  const isFile = after.sensor?.live === false;
  const seen = before.host !== null && after.host !== null ? hostStages(before.host, after.host, secs) : null;
  const host =
    seen ??
    (isFile
      ? []
      : [unknown('nic', 'this system shows no counters of cards'), unknown('softirq', 'this system shows no counters of its queues')]);
  if (before.sensor === null || after.sensor === null) return host;
  return sensorStages({ before: before.sensor, after: after.sensor, secs }, host);
}

/** For a summary: nothing when nothing was lost; else the stages that lose and those that nobody knows of. */
export function lossOnly(advice: readonly Advice[]): Advice[] {
  return advice.some(({ state }) => state === 'losing') ? advice.filter(({ state }) => state !== 'ok') : [];
}
