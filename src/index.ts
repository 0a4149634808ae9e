/** The library. Importing it starts nothing, logs nothing and reads no environment variable. */
export type { CaptureInput, GeneratorInput, OutputOptions, ReplayInput, SensorOptions, TrackingOptions } from './config/options.ts';
export { ERROR_CODES, type ErrorCode, SensorError } from './errors.ts';
export type {
  Direction,
  DirectionReason,
  Endpoint,
  EndReason,
  FlowDelta,
  FlowRecord,
  HostDirection,
  TcpStateName,
  TunnelInfo,
} from './flow/record.ts';
export { FlowStream, type FlowStreamOptions } from './flow-stream.ts';
export type { Identity, Ledger, Term } from './merge/ledger.ts';
export { ledgerFailures } from './merge/ledger.ts';
export type { ProtocolTotal, RunSummary } from './merge/summary.ts';
export { Sensor } from './sensor.ts';
export type { Progress, SensorEvents, SensorWarning, StartReport, TickReport } from './sensor-events.ts';
export type { SensorInput, SensorSettings } from './sensor-settings.ts';
export { version } from './version.ts';
