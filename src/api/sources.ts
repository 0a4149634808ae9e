/** What the API asks others for. The service brings it; tests bring their own. Nothing here blocks on the packet path. */
import type { FlowRecord } from '../flow/record.ts';
import type {
  Accounting,
  Alert,
  AlertMessage,
  AlertPage,
  Config,
  DeviceDetail,
  DeviceMessage,
  DevicePage,
  FlowDetail,
  FlowPage,
  FrameMessage,
  Health,
  PacketDetail,
  PacketPage,
  Protocols,
  TimeSeries,
  Topology,
} from './contract.ts';

export interface TimeRange {
  /** Epoch seconds of packet time, inclusive; null = from the first. */
  from: number | null;
  /** Exclusive; null = to the last. */
  to: number | null;
}

export interface DeviceQuery {
  /** Part of a MAC, address, name, vendor or system. */
  text: string | null;
  sort: 'last_seen' | 'bytes' | 'flows' | 'hostname' | 'mac';
  descending: boolean;
  limit: number;
  cursor: string | null;
}

export interface FlowQuery extends TimeRange {
  /** `ended`: stored records, and the latest interim record of those that have not ended. */
  state: 'ended' | 'live';
  /** MAC of a device at either end. */
  mac: string | null;
  /** Address or CIDR network at either end. */
  address: string | null;
  port: number | null;
  protocol: string | null;
  app: string | null;
  direction: string | null;
  /** Part of a host name. */
  host: string | null;
  community_id: string | null;
  sort: 'last_seen' | 'first_seen' | 'bytes' | 'packets' | 'duration';
  descending: boolean;
  limit: number;
  cursor: string | null;
}

export interface AlertQuery extends TimeRange {
  kind: string | null;
  /** This and above. */
  severity: Alert['severity'] | null;
  source: string | null;
  target: string | null;
  acknowledged: boolean | null;
  /** Suppressed ones too. */
  suppressed: boolean;
  limit: number;
  cursor: string | null;
}

export interface TopologyQuery extends TimeRange {
  /** `device`: one node per device and per address outside; `network`: per /24 or /64. */
  by: 'device' | 'network';
  limit: number;
}

/** What was stored; answers come from a connection that only reads. */
export interface History {
  /** Another number whenever something of what is stored has changed. */
  version(): number;
  devices(query: DeviceQuery): DevicePage;
  device(mac: string): DeviceDetail | null;
  flows(query: FlowQuery): FlowPage;
  flow(flowId: string): FlowDetail | null;
  alerts(query: AlertQuery): AlertPage;
  alert(alertId: string): Alert | null;
  topology(query: TopologyQuery): Topology;
  timeSeries(query: TimeRange & { points: number }): TimeSeries;
  protocols(range: TimeRange): Protocols;
}

export interface PacketSlice {
  /** A pcapng file. */
  file: Uint8Array;
  packets: number;
  /** False when some of its packets were no longer there. */
  complete: boolean;
}

/** What the running sensor knows now. Asks other threads, so everything takes a moment. */
export interface LiveState {
  /** The frame of the last tick; null before the first. */
  frame(): FrameMessage | null;
  /** Live flows, most bytes first. */
  flows(limit: number): Promise<FlowRecord[]>;
  accounting(): Promise<Accounting | null>;
  /** Newest first, those before `before` where it is given. */
  packets(limit: number, before: number | null): Promise<PacketPage>;
  /** null = no longer there. */
  packet(ordinal: number): Promise<PacketDetail | null>;
  /** The packets of a flow that are still there; null = no such flow. */
  flowPackets(flowId: string): Promise<PacketSlice | null>;
  /** The capture that an alert keeps; null = it has none. */
  evidence(alertId: string): Promise<Uint8Array | null>;
  health(): Promise<Health>;
  config(): Promise<Config>;
  /** Metrics in the text format of Prometheus, of the sensor's own part. */
  counters(): Promise<Record<string, number | null>>;
}

export interface LiveEvents {
  /** Each returns the function that ends it. */
  onFrame(listener: (frame: FrameMessage) => void): () => void;
  onAlert(listener: (message: AlertMessage) => void): () => void;
  onDevice(listener: (message: DeviceMessage) => void): () => void;
}

/** Changes that an administrator may ask for. */
export interface Changes {
  /** False when there is no such alert. `note` may be empty; `undo` takes the acknowledgement back. */
  acknowledge(alertId: string, by: string, note: string, undo: boolean): Promise<boolean>;
}

export interface ApiSources {
  history: History;
  live: LiveState;
  events: LiveEvents;
  changes: Changes;
}
