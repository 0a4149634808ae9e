/** From settings to the options of a sensor, and to what the command itself does. */
import {
  type CaptureInput,
  DEFAULT_RECALL_BYTES,
  DEFAULT_RECALL_SNAPLEN,
  type DetectOptions,
  type OutputOptions,
  type ReplayInput,
  type SensorOptions,
  type TrackingOptions,
} from './options.ts';
import { NO_TABLES, type RuleTables } from './rule-tables.ts';
import type { CommandName } from './setting.ts';
import type { SettingValues } from './settings.ts';
import { parseSpeed } from './speed.ts';

/** Flows in the summary when nobody asks for another number. */
const SUMMARY_FLOWS = 10;
/** A shown flow's rate is summed over the ticks of an interval, so more are followed than shown. */
const SPARE_TOP_FLOWS = 4;

/** Outputs that are made of flow records; without any of them none is copied out of the shards. */
const RECORD_OUTPUTS = [
  'output.export_json',
  'output.export_csv',
  'output.flows_jsonl',
  'output.flows_csv',
  'output.devices_json',
] as const;

/** What the command shows and checks; everything else is the sensor's. */
export interface ScreenOptions {
  /** Packets: none, a line each, or every layer with a hex dump. */
  packets: 'none' | 'line' | 'detail';
  progress: boolean;
  stats: boolean;
  statsIntervalMs: number;
  topFlows: number;
  /** People's text goes to standard error because standard output holds a file. */
  textOnStderr: boolean;
  assertLedger: boolean;
}

function captureInput(values: SettingValues): CaptureInput {
  return {
    kind: 'capture',
    interfaces: [...values['capture.interfaces']],
    promiscuous: values['capture.promiscuous'],
    timeoutMs: values['capture.timeout_ms'],
    bufferMb: values['capture.buffer_mb'],
    immediate: values['capture.immediate'],
    fanout: values['capture.fanout'],
    processes: values['capture.processes'],
    active: values['inline.active'] || values['inline.quarantine'],
    quarantine: values['inline.quarantine'],
    management: [...values['inline.management']],
    deny: [...values['inline.deny']],
    clampMssBytes: values['inline.clamp_mss'],
    windivertDll: values['windivert.dll'] === '' ? null : values['windivert.dll'],
    windivertFilter: values['windivert.filter'],
    divertQueuePackets: values['windivert.queue_packets'],
    divertQueueMs: values['windivert.queue_ms'],
    nfqueue: values['inline.nfqueue'],
  };
}

function replayInput(values: SettingValues, files: readonly string[]): ReplayInput {
  return {
    kind: 'replay',
    files: [...files],
    speed: parseSpeed(values['replay.speed']) ?? { mode: 'max' },
    loop: values['replay.loop'],
  };
}

function inputOf(command: CommandName, values: SettingValues): SensorOptions['input'] {
  if (command === 'replay') return replayInput(values, values['replay.files']);
  const replayed = command === 'serve' ? values['serve.replay'] : [];
  return replayed.length > 0 ? replayInput(values, replayed) : captureInput(values);
}

/** A stats interval shorter than the tick shortens the tick: lines are printed at ticks. Flow records do not depend on it. */
function tickMs(values: SettingValues): number {
  const tick = values['tracking.tick_ms'];
  return values['screen.stats'] ? Math.min(tick, values['screen.stats_interval_ms']) : tick;
}

function tracking(values: SettingValues): TrackingOptions {
  return {
    shards: values['tracking.shards'],
    maxFlows: values['tracking.max_flows'],
    flowTimeoutSecs: values['tracking.flow_timeout_s'],
    activeTimeoutSecs: values['tracking.active_timeout_s'],
    tickMs: tickMs(values),
    vlanAware: values['tracking.vlan_aware'],
    tunnels: values['tracking.tunnels'],
    includeLoopback: values['tracking.include_loopback'],
    rtt: values['tracking.rtt'],
    retransmissions: values['tracking.retrans'],
    outOfOrder: values['tracking.out_of_order'],
    seed: values['tracking.seed'],
    verifyChecksums: values['tracking.verify_checksums'],
    communityIdSeed: values['tracking.community_id_seed'],
    dpi: values['app.dpi'] as SensorOptions['tracking']['dpi'],
  };
}

function detect(values: SettingValues, tables: RuleTables): DetectOptions {
  return {
    enabled: values['detect.enabled'],
    internalNetworks: [...values['detect.internal_networks']],
    ruleFiles: [...values['detect.rule_files']],
    evidenceDir: values['detect.evidence_dir'],
    evidenceMaxMb: values['detect.evidence_max_mb'],
    ...tables,
  };
}

/** A file may say how to rotate without anything to rotate: that means nothing until a flag names a capture file. */
function output(values: SettingValues): OutputOptions {
  const rotates = values['output.write_pcap'] !== null;
  return {
    writePcap: values['output.write_pcap'],
    writePcapRotateMb: rotates ? values['output.write_pcap_rotate_mb'] : 0,
    writePcapMaxFiles: rotates ? values['output.write_pcap_max_files'] : 0,
    exportJson: values['output.export_json'],
    exportCsv: values['output.export_csv'],
    flowsJsonl: values['output.flows_jsonl'],
    flowsCsv: values['output.flows_csv'],
    packetsJsonl: values['output.packets_jsonl'],
    dnsJsonl: values['output.dns_jsonl'],
    tlsJsonl: values['output.tls_jsonl'],
    httpJsonl: values['output.http_jsonl'],
    eventsJsonl: values['output.events_jsonl'],
    alertsJsonl: values['output.alerts_jsonl'],
    behaviourJsonl: values['output.behaviour_jsonl'],
    devicesJson: values['output.devices_json'],
    sensorId: values['output.sensor_id'] === '' ? null : values['output.sensor_id'],
    summaryJson: values['output.summary_json'],
    ledger: values['output.ledger'],
  };
}

/** Packet lines: asked for, or the default of the command; details with a hex dump or `-vv`. */
function packetView(command: CommandName, values: SettingValues): ScreenOptions['packets'] {
  if (values['screen.quiet']) return 'none';
  if (command === 'serve') return 'none';
  const detailed = values['screen.hex_dump'] || values['log.verbose'] >= 2;
  const wanted = values['screen.packets'] ?? (command === 'capture' || values['screen.hex_dump']);
  if (!wanted) return 'none';
  return detailed ? 'detail' : 'line';
}

export function screenOptions(command: CommandName, values: SettingValues): ScreenOptions {
  return {
    packets: packetView(command, values),
    progress: command === 'replay' && !values['screen.quiet'],
    stats: values['screen.stats'],
    statsIntervalMs: values['screen.stats_interval_ms'],
    topFlows: values['screen.top_flows'],
    textOnStderr: Object.values(output(values)).includes('-'),
    assertLedger: values['output.assert_ledger'],
  };
}

/** `tables` are those of the configuration file. */
export function sensorOptions(command: CommandName, values: SettingValues, tables: RuleTables = NO_TABLES): SensorOptions {
  const screen = screenOptions(command, values);
  const shown = values['screen.top_flows'];
  const follow = screen.stats ? shown : 0;
  const longInterval = values['screen.stats_interval_ms'] > tickMs(values);
  return {
    input: inputOf(command, values),
    filter: values['capture.filter'],
    count: values['capture.count'],
    snaplen: values['capture.snaplen'],
    tracking: tracking(values),
    detect: detect(values, tables),
    output: output(values),
    topFlows: longInterval ? follow * SPARE_TOP_FLOWS : follow,
    summaryFlows: shown > 0 ? shown : SUMMARY_FLOWS,
    packets: screen.packets !== 'none',
    sampleEvery: 0,
    discovery: false,
    recallBytes: values['detect.enabled'] && values['detect.evidence_dir'] !== null ? DEFAULT_RECALL_BYTES : 0,
    recallSnaplen: DEFAULT_RECALL_SNAPLEN,
    rehearse: false,
    records: RECORD_OUTPUTS.some((key) => values[key] !== null),
    ignoreProtocols: values['screen.ignore_protocols'].map((name) => name.toLowerCase()),
    fault: null,
    slowShardMs: 0,
    ringBytes: null,
  };
}
