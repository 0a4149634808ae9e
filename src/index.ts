/** The library. Importing it starts nothing, logs nothing and reads no environment variable. */
export type { Advice } from './api/contract.ts';
export type {
  AlertMatch,
  CaptureInput,
  DetectOptions,
  GeneratorInput,
  OutputOptions,
  ReplayInput,
  SensorOptions,
  Suppression,
  TrackingOptions,
} from './config/options.ts';
export { DEFAULT_SERVICE, type ServiceOptions } from './config/service-options.ts';
export type { AlertEvidence, AlertRecord } from './detect/alert.ts';
export type { BehaviourRecord } from './detect/behaviour.ts';
export {
  type Address,
  type AnswerEvent,
  type ArpEvent,
  type CloseEvent,
  type DetectEvent,
  type DhcpEvent,
  type DnsEvent,
  type FlowTuple,
  OPENS_TOLD,
  type OpenEvent,
  type SurgeEvent,
  type TickEvent,
  VOLUME_STEP,
  type VolumeEvent,
} from './detect/events.ts';
export type { ExplainedFlow, ExplainedSetting, Explanation, KeptEvidence, StoredAlert } from './detect/explanation.ts';
export { defineRule, type Finding, type Rule, type RuleContext, type RuleHandlers, type Setting, type Severity } from './detect/rule.ts';
export { BoundedMap } from './detect/state/bounded-map.ts';
export { HyperLogLog } from './detect/state/hyperloglog.ts';
export { SlidingSet } from './detect/state/sliding-set.ts';
export { ERROR_CODES, type ErrorCode, SensorError } from './errors.ts';
export type {
  Direction,
  DirectionReason,
  Endpoint,
  EndReason,
  FlowDelta,
  FlowRecord,
  HostDirection,
  ProcessFields,
  ProcessRecord,
  TcpStateName,
  TunnelInfo,
} from './flow/record.ts';
export { FlowStream, type FlowStreamOptions } from './flow-stream.ts';
export type { Identity, Ledger, Term } from './merge/ledger.ts';
export { ledgerFailures } from './merge/ledger.ts';
export type { ProtocolTotal, RunSummary } from './merge/summary.ts';
export type { TapPacket } from './packet/tap-reader.ts';
export type { TapFrame } from './packet/tap-record.ts';
export { Sensor } from './sensor.ts';
export type { Progress, SensorEvents, SensorWarning, StartReport, TickReport } from './sensor-events.ts';
export type { ExplainRequest } from './sensor-evidence-replay.ts';
export { explainAlert } from './sensor-explain.ts';
export type { PacketClause, PacketMatch, RecalledPackets } from './sensor-recall.ts';
export type { SensorInput, SensorSettings } from './sensor-settings.ts';
export { Service, type ServiceEvents, type ServiceReport } from './service/service.ts';
export type { HostCounters, LossSnapshot, SensorCounters } from './telemetry/loss/counters.ts';
export { diagnoseLoss } from './telemetry/loss/diagnose.ts';
export type { Denial, Verdicts } from './verdict/table.ts';
export { version } from './version.ts';
