/**
 * From what a caller says to complete options: defaults filled in, contradictions refused, automatic values chosen.
 * Pure but for the machine's processors and memory, which the caller passes in.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type CaptureInput,
  DEFAULT_DETECT,
  DEFAULT_DIVERT,
  DEFAULT_OUTPUT,
  DEFAULT_RECALL_BYTES,
  DEFAULT_RECALL_SNAPLEN,
  DEFAULT_SNAPLEN,
  DEFAULT_TRACKING,
  type DetectOptions,
  type GeneratorInput,
  MAX_CLAMP_MSS_BYTES,
  MIN_CLAMP_MSS_BYTES,
  type ReplayInput,
  type SensorOptions,
  type TrackingOptions,
} from './config/options.ts';
import { SensorError } from './errors.ts';
import { checkDivert } from './sensor-divert.ts';

/** What a caller of the library may leave out: everything but the input's kind and names. */
export type SensorInput =
  | ({ kind: 'capture' } & Partial<Omit<CaptureInput, 'kind'>>)
  | ({ kind: 'replay'; files: string[] } & Partial<Omit<ReplayInput, 'kind' | 'files'>>)
  | GeneratorInput;

export interface SensorSettings extends Partial<Omit<SensorOptions, 'input' | 'tracking' | 'detect' | 'output'>> {
  input: SensorInput;
  tracking?: Partial<TrackingOptions>;
  /** Given, detection is on unless it says `enabled: false`; so it is where alerts or behaviour are to be written. */
  detect?: Partial<DetectOptions>;
  output?: Partial<SensorOptions['output']>;
}

export interface Machine {
  processors: number;
  memoryBytes: number;
}

/** Bytes of one live flow: both halves of its row and its share of the index, rounded up. */
const BYTES_PER_FLOW = 416;
/** The table's share of the machine's memory when `maxFlows` is 0. */
const MEMORY_SHARE = 0.25;
const LEAST_FLOWS = 10_000;
/** Beyond this a table would not fit the 32-bit word offsets of its rows. */
const MOST_FLOWS = 16_000_000;
const MOST_SHARDS = 64;
/** A capture thread's share of the recalled packets: frames are lost to it in sixteenths. */
const LEAST_RECALL_BYTES = 1 << 18;
const MOST_RECALL_BYTES = 2 ** 40;
const RECALL_CHUNKS = 16;
const RECALL_FRAME_BYTES = 64;

function resolveInput(input: SensorInput): SensorOptions['input'] {
  if (input.kind === 'generator') return input;
  if (input.kind === 'replay') return { speed: { mode: 'max' }, loop: 1, ...input };
  return {
    interfaces: [],
    promiscuous: true,
    timeoutMs: 100,
    bufferMb: 16,
    immediate: false,
    fanout: 1,
    processes: false,
    ...DEFAULT_DIVERT,
    ...input,
  };
}

function refuse(message: string, hint?: string): never {
  throw new SensorError('CONFIG', message, hint === undefined ? {} : { hint });
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isFinite(value) || value < least || value > most) refuse(`${name} is ${value}; it must be between ${least} and ${most}`);
}

function checkOptions(options: SensorOptions): void {
  const { tracking, output, input } = options;
  checkRange('snaplen', options.snaplen, 1, 1 << 24);
  checkRange('count', options.count, 0, Number.MAX_SAFE_INTEGER);
  checkRange('shards', tracking.shards, 0, MOST_SHARDS);
  checkRange('maxFlows', tracking.maxFlows, 0, MOST_FLOWS);
  checkRange('tickMs', tracking.tickMs, 1, 3_600_000);
  checkRange('activeTimeoutSecs', tracking.activeTimeoutSecs, 0, 1e9);
  if (tracking.flowTimeoutSecs !== null) checkRange('flowTimeoutSecs', tracking.flowTimeoutSecs, 0, 1e9);
  if (output.writePcapRotateMb > 0 !== output.writePcapMaxFiles > 0) {
    refuse('writePcapRotateMb and writePcapMaxFiles go together', 'give both, or neither');
  }
  if (output.writePcapRotateMb > 0 && output.writePcap === null)
    refuse('rotation without a capture file to write', 'give writePcap a path');
  if (input.kind === 'replay' && input.files.length === 0) refuse('no capture file to replay');
  if (input.kind === 'replay' && input.files.filter((file) => file === '-').length > 1) refuse('standard input can be read only once');
  if (input.kind === 'capture') {
    checkRange('fanout', input.fanout, 1, 64);
    if (input.clampMssBytes !== null) checkRange('clampMssBytes', input.clampMssBytes, MIN_CLAMP_MSS_BYTES, MAX_CLAMP_MSS_BYTES);
    checkDivert(input, options.filter);
  }
  checkRange('evidenceMaxMb', options.detect.evidenceMaxMb, 1, 1e9);
  checkRange('sampleEvery', options.sampleEvery, 0, Number.MAX_SAFE_INTEGER);
  checkRange('recallSnaplen', options.recallSnaplen, 64, 65_535);
  const threads = input.kind === 'capture' ? Math.max(1, input.interfaces.length) * input.fanout : 1;
  const perThread = Math.max(LEAST_RECALL_BYTES, RECALL_CHUNKS * (options.recallSnaplen + RECALL_FRAME_BYTES));
  if (options.recallBytes !== 0) checkRange('recallBytes', options.recallBytes, threads * perThread, MOST_RECALL_BYTES);
}

/** Who says anything about detection, or wants what it writes, wants it. */
function asksForDetection({ detect, output }: SensorSettings): boolean {
  return detect !== undefined || (output?.alertsJsonl ?? null) !== null || (output?.behaviourJsonl ?? null) !== null;
}

/** Completes and checks the options. Throws SensorError('CONFIG'). */
export function resolveOptions(settings: SensorSettings, machine: Machine): SensorOptions {
  const options: SensorOptions = {
    filter: '',
    count: 0,
    snaplen: DEFAULT_SNAPLEN,
    topFlows: 0,
    summaryFlows: 10,
    packets: false,
    sampleEvery: 0,
    discovery: false,
    recallBytes: 0,
    rehearse: false,
    recallSnaplen: DEFAULT_RECALL_SNAPLEN,
    records: true,
    ignoreProtocols: [],
    fault: null,
    slowShardMs: 0,
    ringBytes: null,
    ...settings,
    input: resolveInput(settings.input),
    tracking: { ...DEFAULT_TRACKING, ...settings.tracking },
    detect: { ...DEFAULT_DETECT, enabled: asksForDetection(settings), ...settings.detect },
    output: { ...DEFAULT_OUTPUT, ...settings.output },
  };
  if (options.detect.evidenceDir !== null && options.detect.enabled && options.recallBytes === 0)
    options.recallBytes = DEFAULT_RECALL_BYTES;
  checkOptions(options);
  if (options.output.devicesJson !== null) options.discovery = true;
  // A processor is left for the capture thread; beyond 8 shards the capture thread is the limit.
  if (options.tracking.shards === 0) options.tracking.shards = Math.max(1, Math.min(8, machine.processors - 1));
  if (options.tracking.maxFlows === 0) {
    const affordable = Math.floor((machine.memoryBytes * MEMORY_SHARE) / BYTES_PER_FLOW);
    options.tracking.maxFlows = Math.max(LEAST_FLOWS, Math.min(MOST_FLOWS, affordable));
  }
  return options;
}

/** Packets wait for nobody: a capture, or a replay that is told to drop like one. */
export function neverWaits({ input, fault }: Pick<SensorOptions, 'input' | 'fault'>): boolean {
  return input.kind === 'capture' || fault?.dropWhenFull === true;
}

/** The key of the flow hash: from the seed, else fixed for replay (runs must repeat), else random. */
export function hashKey(options: SensorOptions): Uint8Array {
  const { seed } = options.tracking;
  if (seed === null && options.input.kind === 'capture') return new Uint8Array(randomBytes(16));
  return new Uint8Array(
    createHash('sha256')
      .update(`weir flow hash ${seed ?? 0}`)
      .digest()
      .subarray(0, 16),
  );
}
