/**
 * What the API answers, in one place: the schemas of the OpenAPI document, of the checks in the tests, and of the types
 * that the dashboard reads. Times are seconds since the epoch in packet time, bytes are wire bytes, rates are per second.
 * A number that nobody knows is null, never 0.
 */
import { type Static, Type } from 'typebox';

const Text = Type.String();
const Num = Type.Number();
const Count = Type.Integer({ minimum: 0 });
const MaybeText = Type.Union([Type.String(), Type.Null()]);
const MaybeNum = Type.Union([Type.Number(), Type.Null()]);
const Flag = Type.Boolean();
const Page = { next: Type.Union([Type.String(), Type.Null()], { description: 'Cursor of the next page; null on the last' }) };
const Severity = Type.Union([
  Type.Literal('info'),
  Type.Literal('low'),
  Type.Literal('medium'),
  Type.Literal('high'),
  Type.Literal('critical'),
]);
const HostDirection = Type.Union([
  Type.Literal('inbound'),
  Type.Literal('outbound'),
  Type.Literal('local'),
  Type.Literal('lateral'),
  Type.Literal('unknown'),
]);

/** Every answer of 400 and above. */
export const Problem = Type.Object({ error: Text, message: Text, hint: Type.Optional(Text) });

export const ProtocolShare = Type.Object({ protocol: Text, flows: Count, packets: Count, bytes: Count });

export const Stats = Type.Object({
  sensor: Type.Object({
    name: Text,
    version: Text,
    inputs: Type.Array(Text),
    live: Flag,
    state: Type.Union([Type.Literal('running'), Type.Literal('ended'), Type.Literal('failed')]),
    /** Epoch seconds of the wall clock. */
    started: Num,
  }),
  /** Packet time of the last tick; null before the first. */
  time: MaybeNum,
  tick: Count,
  pps: Num,
  bps: Num,
  packets_total: Count,
  bytes_total: Count,
  flows: Type.Object({ live: Count, created: Count, ended: Count }),
  devices: Count,
  alerts: Type.Object({ total: Count, by_severity: Type.Record(Text, Count) }),
  /** By application, and by transport where that is unknown. */
  protocols: Type.Record(Text, Type.Object({ flows: Count, packets: Count, bytes: Count })),
  loss: Type.Object({ kernel: MaybeNum, interface: MaybeNum, ring: Count, estimate: MaybeNum }),
  emergency: Flag,
  /** What the service itself had to give up: records that the store could not take in time. */
  store: Type.Object({ backlog: Count, dropped_records: Count, error: MaybeText }),
});

export const DeviceAddress = Type.Object({ ip: Text, first_seen: Num, last_seen: Num, source: Text });
export const DeviceName = Type.Object({ name: Text, source: Text, last_seen: Num });
export const DeviceService = Type.Object({ name: Text, port: MaybeNum, protocol: MaybeText, source: Text });
export const SwitchPort = Type.Object({ switch: Text, port: Text, vlan: MaybeNum, protocol: Text });

export const Device = Type.Object({
  /** Lower case, colons. */
  mac: Text,
  /** Addresses that it has now, newest first, at most 16. */
  ips: Type.Array(Text),
  hostname: MaybeText,
  /** What the name was learned from: `dhcp`, `mdns`, `netbios`, `lldp` … */
  hostname_source: MaybeText,
  vendor: MaybeText,
  /** A locally administered (often random) address has no vendor. */
  local_address: Flag,
  os: MaybeText,
  model: MaybeText,
  kind: Type.Union([Type.Literal('device'), Type.Literal('router'), Type.Literal('switch')]),
  first_seen: Num,
  last_seen: Num,
  /** Towards the device. */
  bytes_in: Count,
  bytes_out: Count,
  packets_in: Count,
  packets_out: Count,
  flows: Count,
});

export const DeviceDetail = Type.Object({
  ...Device.properties,
  addresses: Type.Array(DeviceAddress),
  names: Type.Array(DeviceName),
  services: Type.Array(DeviceService),
  dhcp: Type.Union([
    Type.Object({ vendor_class: MaybeText, fingerprint: MaybeText, requested_ip: MaybeText, server: MaybeText }),
    Type.Null(),
  ]),
  switch_port: Type.Union([SwitchPort, Type.Null()]),
  vlans: Type.Array(Type.Integer()),
  user_agents: Type.Array(Text),
  peers: Type.Array(Type.Object({ ip: Text, mac: MaybeText, name: MaybeText, country: MaybeText, bytes: Count, flows: Count })),
  protocols: Type.Array(ProtocolShare),
});

export const FlowEnd = Type.Object({ ip: Text, port: MaybeNum, mac: MaybeText, name: MaybeText, country: MaybeText, asn: MaybeText });

/** One line of a table of flows. `initiator` and `responder` are the client's and the server's end. */
export const Flow = Type.Object({
  flow_id: Text,
  community_id: Text,
  /** Live flows are those of the last tick; `interim` ones were live when they last reported. */
  state: Type.Union([Type.Literal('live'), Type.Literal('interim'), Type.Literal('ended')]),
  protocol: Text,
  app: MaybeText,
  category: MaybeText,
  initiator: FlowEnd,
  responder: FlowEnd,
  direction: HostDirection,
  host: MaybeText,
  first_seen: Num,
  last_seen: Num,
  duration_secs: Num,
  packets: Count,
  bytes: Count,
  /** By the initiator. */
  bytes_out: Count,
  bytes_in: Count,
  rtt_ms: MaybeNum,
  retransmissions: Count,
  conn_state: MaybeText,
  history: Text,
  end_reason: MaybeText,
  risk_score: Count,
  vlan: Type.Array(Type.Integer()),
});

/** `record` is the whole flow record, as `--export-json` writes it. */
export const FlowDetail = Type.Object({ ...Flow.properties, record: Type.Record(Text, Type.Unknown()) });

export const Acknowledgement = Type.Object({ by: Text, at: Num, note: MaybeText });

export const Alert = Type.Object({
  alert_id: Text,
  ts: Num,
  kind: Text,
  severity: Severity,
  confidence: Num,
  source: MaybeText,
  target: MaybeText,
  description: Text,
  observed: Type.Record(Text, Type.Union([Num, Text])),
  threshold: Type.Record(Text, Type.Union([Num, Text])),
  window_secs: Num,
  first_seen: Num,
  last_seen: Num,
  count: Count,
  flows: Type.Array(Text),
  mitre: Type.Array(Type.Object({ technique: Text, name: Text, tactic: Text })),
  evidence: Type.Union([Type.Object({ pcap: MaybeText, packets: Count, complete: Flag }), Type.Null()]),
  suppressed: Flag,
  acknowledged: Type.Union([Acknowledgement, Type.Null()]),
});

/** `explanation` says what the rule looks for and how these numbers crossed its threshold. */
export const AlertDetail = Type.Object({ ...Alert.properties, explanation: Text });

export const TopologyNode = Type.Object({
  /** MAC of a device, or an address or network outside. */
  id: Text,
  label: Text,
  group: Text,
  bytes: Count,
  flows: Count,
});
export const TopologyLink = Type.Object({ source: Text, target: Text, value: Count, flows: Count });
/** `hidden` counts nodes that the limit left out. */
export const Topology = Type.Object({ nodes: Type.Array(TopologyNode), links: Type.Array(TopologyLink), hidden: Count });

/** Points of equal width; `time` is the beginning of each. Null where nothing was measured. */
export const TimeSeries = Type.Object({
  step_secs: Num,
  points: Type.Array(
    Type.Object({ time: Num, pps: MaybeNum, bps: MaybeNum, flows_live: MaybeNum, new_flows: MaybeNum, drops: MaybeNum, alerts: Count }),
  ),
});

export const Protocols = Type.Object({ applications: Type.Array(ProtocolShare), transports: Type.Array(ProtocolShare) });

const Term = Type.Object({ name: Text, value: MaybeNum });
/** The ledger as `--ledger` writes it: stages with their counters, and identities. `holds` is null where a term is unknown or, while the sensor runs, packets are between two counters. */
export const Accounting = Type.Object({
  schema_version: Type.Literal(1),
  holds: Flag,
  stages: Type.Record(Text, Type.Unknown()),
  identities: Type.Array(
    Type.Object({ name: Text, unit: Text, left: Term, right: Type.Array(Term), holds: Type.Union([Flag, Type.Null()]) }),
  ),
  quality: Type.Record(Text, Num),
});

export const PacketRow = Type.Object({
  /** Position in the capture, from 1. */
  ordinal: Count,
  time: Num,
  interface: MaybeText,
  source: Text,
  destination: Text,
  protocol: Text,
  length: Count,
  summary: Text,
});
export const PacketLayer = Type.Object({ name: Text, fields: Type.Array(Type.Object({ name: Text, value: Text })) });
export const PacketDetail = Type.Object({ ...PacketRow.properties, captured: Count, layers: Type.Array(PacketLayer), hex: Text });

/** What loses packets, and what to do about it. */
export const Advice = Type.Object({
  stage: Text,
  state: Type.Union([Type.Literal('ok'), Type.Literal('losing'), Type.Literal('unknown')]),
  lost: MaybeNum,
  detail: Text,
  remedy: MaybeText,
});

export const Health = Type.Object({
  status: Type.Union([Type.Literal('up'), Type.Literal('degraded'), Type.Literal('down')]),
  checks: Type.Array(Type.Object({ name: Text, ok: Flag, detail: Text })),
  advice: Type.Array(Advice),
});

const RuleInForce = {
  enabled: Flag,
  severity: Severity,
  cooldown_secs: Num,
  settings: Type.Record(Text, Type.Unknown()),
};

/** Settings in force, with where each came from; secrets are masked. */
export const Config = Type.Object({
  settings: Type.Array(Type.Object({ key: Text, value: Type.Unknown(), origin: Text })),
  rules: Type.Array(
    Type.Object({
      kind: Text,
      ...RuleInForce,
      /** What is in force in networks with settings of their own instead; the most specific one counts. */
      networks: Type.Array(Type.Object({ network: Text, ...RuleInForce })),
      description: Text,
    }),
  ),
});

/** Who asks, and what the page may offer. */
export const Session = Type.Object({
  role: Type.Union([Type.Literal('viewer'), Type.Literal('admin')]),
  /** Whether this server asks for a token at all. */
  authentication: Flag,
});

export const DevicePage = Type.Object({ devices: Type.Array(Device), ...Page });
export const FlowPage = Type.Object({ flows: Type.Array(Flow), ...Page });
export const AlertPage = Type.Object({ alerts: Type.Array(Alert), ...Page });
export const PacketPage = Type.Object({ packets: Type.Array(PacketRow), oldest: MaybeNum });

/** First message on the WebSocket. `topics` are all subscribed at first. */
export const HelloMessage = Type.Object({ type: Type.Literal('hello'), version: Text, topics: Type.Array(Text), tick_ms: Num });
/** One per tick, `frame_seq` increasing; a slow client misses frames and gets the latest. */
export const FrameMessage = Type.Object({
  type: Type.Literal('frame'),
  frame_seq: Count,
  stats: Stats,
  /** Of most bytes in this tick. */
  top: Type.Array(Type.Object({ flow: Flow, bps: Num, pps: Num })),
});
/** `is_new` false: the alert repeated, and this replaces the one with its id. */
export const AlertMessage = Type.Object({ type: Type.Literal('alert'), is_new: Flag, alert: Alert });
export const DeviceMessage = Type.Object({ type: Type.Literal('device'), is_new: Flag, device: Device });
/** From the client: the topics that it wants from now on (`frame`, `alert`, `device`). */
export const SubscribeMessage = Type.Object({ type: Type.Literal('subscribe'), topics: Type.Array(Text, { maxItems: 8 }) });

export type Problem = Static<typeof Problem>;
export type ProtocolShare = Static<typeof ProtocolShare>;
export type Stats = Static<typeof Stats>;
export type Device = Static<typeof Device>;
export type DeviceDetail = Static<typeof DeviceDetail>;
export type Flow = Static<typeof Flow>;
export type FlowDetail = Static<typeof FlowDetail>;
export type Alert = Static<typeof Alert>;
export type AlertDetail = Static<typeof AlertDetail>;
export type Topology = Static<typeof Topology>;
export type TimeSeries = Static<typeof TimeSeries>;
export type Protocols = Static<typeof Protocols>;
export type Accounting = Static<typeof Accounting>;
export type PacketRow = Static<typeof PacketRow>;
export type PacketDetail = Static<typeof PacketDetail>;
export type PacketPage = Static<typeof PacketPage>;
export type Advice = Static<typeof Advice>;
export type Health = Static<typeof Health>;
export type Config = Static<typeof Config>;
export type Session = Static<typeof Session>;
export type DevicePage = Static<typeof DevicePage>;
export type FlowPage = Static<typeof FlowPage>;
export type AlertPage = Static<typeof AlertPage>;
export type HelloMessage = Static<typeof HelloMessage>;
export type FrameMessage = Static<typeof FrameMessage>;
export type AlertMessage = Static<typeof AlertMessage>;
export type DeviceMessage = Static<typeof DeviceMessage>;
export type SubscribeMessage = Static<typeof SubscribeMessage>;
