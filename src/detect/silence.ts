/**
 * Which change of a rule's settings would have kept it silent: from the value in force outwards in doubling steps until the
 * rule is silent, then by halving the gap, so that the value found is silent and the one before it fires.
 *
 *   in force ──▶ fires ──▶ fires ────▶ fires ────────▶ silent
 *                                        └── halved ──┘
 */
import type { Setting } from './rule.ts';

/** Does the rule still fire with these settings in place of those in force? */
export type StillFires = (changes: Readonly<Record<string, number>>) => Promise<boolean>;

/** A setting with the value that is in force. */
export interface SettingInForce extends Pick<Setting, 'least' | 'most' | 'unit'> {
  readonly name: string;
  readonly value: number;
}

/** Shares and scores are looked for in thousandths and hundredths, everything that is counted one by one. */
const STEPS: Readonly<Record<string, number>> = { ratio: 0.001, sigma: 0.01, bits: 0.01 };
const FINE_STEP = 0.001;

interface Found {
  readonly value: number;
  /** Steps from the value in force. */
  readonly steps: number;
}

function stepOf({ unit, value }: SettingInForce): number {
  return STEPS[unit] ?? (Number.isInteger(value) ? 1 : FINE_STEP);
}

/** The nearest silent value towards a bound; null when the rule still fires at the bound. */
async function towards(setting: SettingInForce, bound: number, fires: (value: number) => Promise<boolean>): Promise<Found | null> {
  const step = stepOf(setting);
  const last = Math.ceil(Math.abs(bound - setting.value) / step);
  const sign = bound > setting.value ? 1 : -1;
  const valueAt = (steps: number): number => (steps >= last ? bound : Number((setting.value + sign * steps * step).toFixed(6)));
  if (last === 0 || (await fires(bound))) return null;
  let firing = 0;
  let silent = 1;
  while (silent < last && (await fires(valueAt(silent)))) {
    firing = silent;
    silent = Math.min(last, silent * 2);
  }
  while (silent - firing > 1) {
    const middle = Math.floor((firing + silent) / 2);
    if (await fires(valueAt(middle))) firing = middle;
    else silent = middle;
  }
  return { value: valueAt(silent), steps: silent };
}

/** The value nearest to the one in force with which the rule is silent; null when no value of this setting alone silences it. */
export async function silencingValue(setting: SettingInForce, stillFires: StillFires): Promise<number | null> {
  const fires = (value: number): Promise<boolean> => stillFires({ [setting.name]: value });
  const up = await towards(setting, setting.most, fires);
  const down = await towards(setting, setting.least, fires);
  if (up === null || down === null) return (up ?? down)?.value ?? null;
  return up.steps <= down.steps ? up.value : down.value;
}

/**
 * For a rule that fires for any one of several reasons: limits that silence it when all are raised, each as little as the
 * others allow. Null when even the highest do not.
 */
export async function silencingTogether(
  settings: readonly SettingInForce[],
  stillFires: StillFires,
): Promise<Readonly<Record<string, number>> | null> {
  const values: Record<string, number> = Object.fromEntries(settings.map(({ name, most }) => [name, most]));
  if (settings.length < 2 || (await stillFires(values))) return null;
  for (const setting of settings) {
    const { name, value, most } = setting;
    const fires = (tried: number): Promise<boolean> => stillFires({ ...values, [name]: tried });
    const isNeeded = await fires(value);
    if (!isNeeded) delete values[name];
    else values[name] = (await towards(setting, most, fires))?.value ?? most;
  }
  return values;
}
