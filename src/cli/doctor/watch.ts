/** `weir doctor --watch`: captures for a while, writes nothing, and says which stage loses packets. */
import pc from 'picocolors';
import type { Advice } from '../../api/contract.ts';
import { DEFAULT_OUTPUT, type SensorOptions } from '../../config/options.ts';
import { SensorError } from '../../errors.ts';
import { loadAddon } from '../../native/load.ts';
import { printable } from '../../packet/text.ts';
import type { LossSnapshot } from '../../telemetry/loss/counters.ts';
import { diagnoseLoss } from '../../telemetry/loss/diagnose.ts';
import { withDrivers } from '../../telemetry/loss/ethtool.ts';
import { captureOptions } from '../capture-options.ts';
import type { CommandContext } from '../command.ts';
import { withNearestInterface, withPermissionAdvice } from '../commands/capture.ts';
import type { ParsedArgs } from '../flag-layer.ts';
import { wantsColor } from '../io.ts';
import type { RunnableSensor } from '../run.ts';
import { onStopSignals } from '../stop-signals.ts';

const DEFAULT_SECONDS = 10;
const MOST_SECONDS = 3600;

function secondsOf(parsed: ParsedArgs): number {
  const { seconds = String(DEFAULT_SECONDS) } = parsed;
  const value = typeof seconds === 'string' && seconds.trim() !== '' ? Number(seconds) : Number.NaN;
  if (value >= 1 && value <= MOST_SECONDS) return value;
  throw new SensorError('USAGE', `--seconds is ${JSON.stringify(seconds)}, but must be a number between 1 and ${MOST_SECONDS}`);
}

/** As `weir capture` would run with the same configuration, but for its outputs: nobody's files are touched. */
function watchOptions(context: CommandContext): SensorOptions {
  const options = captureOptions(context);
  return { ...options, count: 0, packets: false, records: false, topFlows: 0, output: DEFAULT_OUTPUT };
}

async function snapshotOf(sensor: Pick<RunnableSensor, 'lossSnapshot'>): Promise<LossSnapshot> {
  const snapshot = sensor.lossSnapshot();
  if (snapshot === null) throw new SensorError('INTERNAL', 'the sensor has no counters');
  return snapshot.host === null ? snapshot : { ...snapshot, host: await withDrivers(snapshot.host) };
}

/** Until the time is over, the capture ends by itself, or somebody asks for its end. */
async function wait(sensor: RunnableSensor, seconds: number, { actions }: CommandContext): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, seconds * 1000);
  const stop = onStopSignals(actions.signals, {
    stop: () => over.resolve(),
    exitNow: (code) => actions.exitNow(code),
    now: () => performance.now(),
  });
  await Promise.race([over.promise, sensor.done]);
  clearTimeout(timer);
  stop();
}

async function watchLoss(options: SensorOptions, seconds: number, context: CommandContext): Promise<Advice[]> {
  const sensor = context.actions.createSensor(options);
  try {
    await sensor.start();
  } catch (error) {
    const named = options.input.kind === 'capture' ? options.input.interfaces : [];
    throw withNearestInterface(withPermissionAdvice(error), named, loadAddon);
  }
  try {
    const before = await snapshotOf(sensor);
    await wait(sensor, seconds, context);
    const { error } = await sensor.stop();
    // After the end: then the shards' counters are those of every packet.
    const after = await snapshotOf(sensor);
    if (error !== null) throw error;
    return diagnoseLoss(before, after);
  } finally {
    await sensor.stop().catch(() => {});
  }
}

const COLOUR = { ok: 'green', losing: 'red', unknown: 'yellow' } as const satisfies Record<Advice['state'], string>;

/** Stage by stage; without a final line feed. */
export function renderAdvice(advice: readonly Advice[], color: boolean): string {
  const colors = pc.createColors(color);
  const width = Math.max(...advice.map(({ stage }) => stage.length));
  const lines = advice.flatMap(({ stage, state, detail, remedy }) => [
    `${colors[COLOUR[state]](state.padEnd(7))}  ${stage.padEnd(width)}  ${printable(detail)}`,
    ...(remedy === null ? [] : [`${' '.repeat(11 + width)}remedy: ${printable(remedy)}`]),
  ]);
  const bad = [...new Set(advice.filter(({ state }) => state === 'losing').map(({ stage }) => stage))];
  return [...lines, '', bad.length === 0 ? 'no stage that has a counter loses anything' : `losing: ${bad.join(', ')}`].join('\n');
}

/** Resolves with the exit code: 1 when something was lost. */
export async function runWatch(context: CommandContext): Promise<number> {
  const { parsed, io } = context;
  const seconds = secondsOf(parsed);
  const options = watchOptions(context);
  if (parsed.json !== true) io.stderr.write(`watching for ${seconds} s\n`);
  const advice = await watchLoss(options, seconds, context);
  io.stdout.write(parsed.json === true ? `${JSON.stringify(advice, null, 2)}\n` : `${renderAdvice(advice, wantsColor(io))}\n`);
  return advice.some(({ state }) => state === 'losing') ? 1 : 0;
}
