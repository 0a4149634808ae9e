/**
 * What the threads of a service say to each other.
 *
 *   main: sensor, rules ──rows, ticks, alerts, frames──▶ keeper: devices, history ──devices──▶ api: HTTP, WebSocket
 *        │ ◀──────── kept (per tick) ────────┘                                                  │
 *        └──────────── frames, alerts ──────────────────────────────────────────────────────▶ │
 *        ◀───────────── questions (rpc) ───────────────────────────────────────────────────────┘
 */
import type { MessagePort } from 'node:worker_threads';
import type { Config, DeviceMessage, Health, Stats } from '../api/contract.ts';
import type { ServiceOptions } from '../config/service-options.ts';
import type { AlertRecord } from '../detect/alert.ts';
import type { PlaceData } from '../enrich/places.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { Ledger } from '../merge/ledger.ts';
import type { TapFrame } from '../packet/tap-record.ts';
import type { TickStats } from '../store/stats-table.ts';
import type { Problem } from './problem.ts';
import type { ContextChange } from './record-context.ts';
import type { Secrets } from './secrets.ts';

/** One tick of the sensor as the store keeps it; of alerts the keeper knows. */
export type TickFacts = Omit<TickStats, 'alerts'>;

export type KeeperMessage =
  | { type: 'open' }
  | { type: 'rows'; rows: Uint8Array; context: ContextChange }
  | { type: 'alerts'; alerts: AlertRecord[]; added: number }
  | { type: 'frames'; discovery: TapFrame[]; sample: { frame: TapFrame; interfaceName: string | null }[] }
  | { type: 'tick'; facts: TickFacts; records: number }
  | { type: 'close' };

/** What the keeper knows, for the figures of the next frame. */
export interface Tallies {
  devices: number;
  protocols: Stats['protocols'];
  /** Records that could not be stored: the disk said no. */
  lostRecords: number;
  /** Why the last tick could not be stored; null = it could. */
  error: string | null;
}

export type KeeperReply =
  | { type: 'ready' }
  | { type: 'failed'; problem: Problem }
  /** Bytes of rows that the keeper does not hold any more. */
  | { type: 'taken'; rowBytes: number }
  /** Everything up to this tick is in the database, or counted as lost. */
  | { type: 'kept'; records: number; tallies: Tallies }
  | { type: 'closed' };

export interface KeeperStart {
  dataDir: string;
  options: ServiceOptions;
  internalNetworks: readonly string[];
  places: PlaceData;
  /** To the api thread: DeviceMessages; and its questions. */
  devicePort: MessagePort;
  questionPort: MessagePort;
}

/** What the api thread is told without asking. `top` are flow records: names are added there. */
export type ApiMessage =
  | { type: 'frame'; frameSeq: number; stats: Stats; top: { record: FlowRecord; bps: number; pps: number }[] }
  | { type: 'alert'; isNew: boolean; alert: AlertRecord }
  | { type: 'close' };

export type DeviceChanges = { type: 'devices'; changes: DeviceMessage[] };

export type ApiReply =
  | { type: 'listening'; address: string; wsAddress: string | null }
  | { type: 'failed'; problem: Problem }
  | { type: 'closed' };

export interface ApiStart {
  dataDir: string;
  options: ServiceOptions;
  /** Questions to the main thread, and to the keeper. */
  sensorPort: MessagePort;
  keeperPort: MessagePort;
  devicePort: MessagePort;
  secrets: Secrets;
  places: PlaceData;
  dashboardDir: string;
  tickMs: number;
}

/** Packets to look for: both directions of one flow, within a span of packet time. */
export interface PacketsOfFlow {
  protocol: number;
  a: string;
  aPort: number | null;
  b: string;
  bPort: number | null;
  /** Epoch seconds. */
  from: number;
  to: number;
}

/** What the api thread may ask the main thread. */
export interface SensorAnswers {
  flows(limit: number): Promise<FlowRecord[]>;
  ledger(): Ledger | null;
  packets(limit: number, before: number | null): { frames: TapFrame[]; names: (string | null)[]; oldest: number | null };
  packet(ordinal: number): { frame: TapFrame; name: string | null } | null;
  packetsOf(flow: PacketsOfFlow): { file: Uint8Array; packets: number; complete: boolean };
  health(): Health;
  config(): Config;
  counters(): Record<string, number | null>;
}

/** What the api thread may ask the keeper. */
export interface KeeperAnswers {
  acknowledge(alertId: string, by: string, note: string, undo: boolean): boolean;
}
