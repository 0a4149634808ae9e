/**
 * What a sensor is told: the options of the library, and, name for name, what the command's flags, environment and
 * configuration file become. Everything has a default; nothing here reads anything.
 */
import type { FaultPlan, GeneratorSource } from '../native/engine.ts';

/** Capture from live interfaces. */
export interface CaptureInput {
  kind: 'capture';
  /** Names; empty = the first that is up, neither loopback nor point-to-point, and has an address. */
  interfaces: string[];
  promiscuous: boolean;
  timeoutMs: number;
  bufferMb: number;
  immediate: boolean;
  /** Sockets per interface that share its packets by the kernel's flow hash. */
  fanout: number;
  /** Name the processes of flows of this host in their records (Linux). */
  processes: boolean;
  /** Inline: packets leave the system's path, and only what nothing denies is put back. */
  active: boolean;
  /** Inline, and outbound packets pass only to `management`. */
  quarantine: boolean;
  /** `ADDRESS:PORT`, IPv6 in brackets; at most 4. */
  management: string[];
  /** What is denied from the start (`verdict/target.ts`). */
  deny: string[];
  /** Inline: the largest TCP segment that a SYN which is put back may offer, in bytes, 536 to 65,535; null = as they come. */
  clampMssBytes: number | null;
  /** Windows: WinDivert.dll; null = beside the addon. */
  windivertDll: string | null;
  /** Windows: in WinDivert's language, joined to `filter`; '' = none. */
  windivertFilter: string;
  /** Windows: what the driver's queue may hold beside `bufferMb`. */
  divertQueuePackets: number;
  divertQueueMs: number;
  /** Linux, inline: the netfilter queue. */
  nfqueue: number;
}

/** Replay of capture files, one after the other; `-` is standard input. */
export interface ReplayInput {
  kind: 'replay';
  files: string[];
  speed: { mode: 'max' } | { mode: 'time'; factor: number } | { mode: 'rate'; pps: number };
  /** 0 = for ever. */
  loop: number;
}

/** The seeded generator, without a file. */
export interface GeneratorInput extends Omit<GeneratorSource, 'kind'> {
  kind: 'generator';
}

export interface TrackingOptions {
  /** Shards (worker threads); 0 = chosen from the processors. */
  shards: number;
  /** Bound over all shards; 0 = as memory allows. */
  maxFlows: number;
  /** One idle timeout for all protocols in seconds, 0 = never; null = TCP 60, UDP 30, other 5. */
  flowTimeoutSecs: number | null;
  activeTimeoutSecs: number;
  tickMs: number;
  vlanAware: boolean;
  tunnels: boolean;
  includeLoopback: boolean;
  rtt: boolean;
  retransmissions: boolean;
  outOfOrder: boolean;
  /** Fixes the hash key and every other random choice; null = random live, fixed in replay. */
  seed: number | null;
  verifyChecksums: boolean;
  communityIdSeed: number;
  /** Who names the application of a flow; `auto` = both when libndpi is there, else the built-in parsers. */
  dpi: 'auto' | 'both' | 'builtin' | 'ndpi' | 'off';
}

/** A value of a rule's table. */
export type RuleValue = boolean | number | string;

/** Findings by rule, source and target; what is not named may be anything. */
export interface AlertMatch {
  rule?: string;
  /** An address (with a port or without), a network in CIDR notation, a host name, or `*.` and the end of host names. */
  source?: string;
  target?: string;
}

/** Seconds since the epoch, in packet time; `until` is the first that is no longer covered. */
export interface Suppression extends AlertMatch {
  from?: number;
  until?: number;
}

export interface DetectOptions {
  enabled: boolean;
  /** CIDR notation. */
  internalNetworks: string[];
  /** Files with rules of one's own, and folders of such files. */
  ruleFiles: string[];
  /** What is never an alert: only counted. */
  allow: AlertMatch[];
  /** Alerts that are recorded as suppressed and shown to nobody. */
  suppress: Suppression[];
  /** Folder for a capture file of each alert; null = none is kept. */
  evidenceDir: string | null;
  /** Size of that folder, MiB; the oldest files make room. */
  evidenceMaxMb: number;
  /** By rule: `enabled`, `severity`, `cooldown_secs` and the rule's own settings. */
  rules: Record<string, Record<string, RuleValue>>;
  /** The same for addresses of a network, by network in CIDR notation and rule; the most specific network that names a setting counts. */
  networks: Record<string, Record<string, Record<string, RuleValue>>>;
  /** Where in a file it was said, `weir.toml:3:1` by dotted path (`rules.port_scan.ports`, `allow.0.target`); for messages. */
  places: Record<string, string>;
}

export interface OutputOptions {
  /** Each path: null = off, '-' = standard output. */
  writePcap: string | null;
  writePcapRotateMb: number;
  writePcapMaxFiles: number;
  exportJson: string | null;
  exportCsv: string | null;
  flowsJsonl: string | null;
  flowsCsv: string | null;
  packetsJsonl: string | null;
  dnsJsonl: string | null;
  tlsJsonl: string | null;
  httpJsonl: string | null;
  eventsJsonl: string | null;
  /** Appended to, not written anew. */
  alertsJsonl: string | null;
  behaviourJsonl: string | null;
  /** Written at the end. */
  devicesJson: string | null;
  /** Who this sensor is in what it sends; null = the machine's own id. */
  sensorId: string | null;
  summaryJson: string | null;
  ledger: string | null;
}

export interface SensorOptions {
  input: CaptureInput | ReplayInput | GeneratorInput;
  filter: string;
  count: number;
  snaplen: number;
  tracking: TrackingOptions;
  detect: DetectOptions;
  output: OutputOptions;
  /** How many flows of most bytes each tick reports; 0 = none. */
  topFlows: number;
  /** How many flows the run's summary lists. */
  summaryFlows: number;
  /** Deliver every packet to `packet` listeners (packet lines, --packets-jsonl). */
  packets: boolean;
  /** Deliver every packet whose position in the capture is a multiple of this to `sample` listeners; 0 = none. */
  sampleEvery: number;
  /** Deliver packets in which devices tell about themselves (ARP, LLDP, DHCP, multicast DNS …) to `discovery` listeners. */
  discovery: boolean;
  /** Memory for the newest packets, over all capture threads, in bytes; 0 = none are kept. */
  recallBytes: number;
  /** Bytes that are kept of each of them. */
  recallSnaplen: number;
  /**
   * Live: shards do their work on generated packets before the capture starts, about half a second, so that a capture at a
   * high rate loses nothing in its first second.
   */
  rehearse: boolean;
  /** Deliver flow records to `flows()` and to exports; off saves the copying of ended flows. */
  records: boolean;
  /** Protocol names left out of the per-packet record, lower case. */
  ignoreProtocols: string[];
  fault: FaultPlan | null;
  /** Tests only: shards sleep this long after each batch; 0 = never. */
  slowShardMs: number;
  /** Tests only: bytes of each shard ring; null = chosen by the input. */
  ringBytes: number | null;
}

/** What every IPv4 host takes without being asked (RFC 9293, 3.7.1), and what the field holds. */
export const MIN_CLAMP_MSS_BYTES = 536;
export const MAX_CLAMP_MSS_BYTES = 65_535;

export const DEFAULT_DIVERT = {
  active: false,
  quarantine: false,
  management: [] as string[],
  deny: [] as string[],
  clampMssBytes: null,
  windivertDll: null,
  windivertFilter: '',
  divertQueuePackets: 16_384,
  divertQueueMs: 2000,
  nfqueue: 0,
} as const satisfies Partial<CaptureInput>;

export const DEFAULT_TRACKING: TrackingOptions = {
  shards: 0,
  maxFlows: 500_000,
  flowTimeoutSecs: null,
  activeTimeoutSecs: 300,
  tickMs: 1000,
  vlanAware: false,
  tunnels: true,
  includeLoopback: false,
  rtt: true,
  retransmissions: true,
  outOfOrder: true,
  seed: null,
  verifyChecksums: false,
  communityIdSeed: 0,
  dpi: 'auto',
};

/** RFC 1918, shared address space (RFC 6598), unique local addresses (RFC 4193), link-local addresses (RFC 3927, RFC 4291). */
export const DEFAULT_INTERNAL_NETWORKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
] as const;

/** Off unless something asks for it: the rules see every flow, and a replay at full speed waits for them. */
export const DEFAULT_DETECT: DetectOptions = {
  enabled: false,
  internalNetworks: [...DEFAULT_INTERNAL_NETWORKS],
  ruleFiles: [],
  evidenceDir: null,
  evidenceMaxMb: 256,
  allow: [],
  suppress: [],
  rules: {},
  networks: {},
  places: {},
};

export const DEFAULT_OUTPUT: OutputOptions = {
  writePcap: null,
  writePcapRotateMb: 0,
  writePcapMaxFiles: 0,
  exportJson: null,
  exportCsv: null,
  flowsJsonl: null,
  flowsCsv: null,
  packetsJsonl: null,
  dnsJsonl: null,
  tlsJsonl: null,
  httpJsonl: null,
  eventsJsonl: null,
  alertsJsonl: null,
  behaviourJsonl: null,
  devicesJson: null,
  sensorId: null,
  summaryJson: null,
  ledger: null,
};

/** The options that name files to write. */
export const OUTPUT_PATHS = [
  'writePcap',
  'exportJson',
  'exportCsv',
  'flowsJsonl',
  'flowsCsv',
  'packetsJsonl',
  'dnsJsonl',
  'tlsJsonl',
  'httpJsonl',
  'eventsJsonl',
  'alertsJsonl',
  'behaviourJsonl',
  'devicesJson',
  'summaryJson',
  'ledger',
] as const;

export const DEFAULT_SNAPLEN = 65_535;
/** Headers and the beginning of the payload: a DNS question, a ClientHello's names. */
export const DEFAULT_RECALL_SNAPLEN = 256;
/** What is kept where a folder for the evidence of alerts is named. */
export const DEFAULT_RECALL_BYTES = 2 ** 26;
