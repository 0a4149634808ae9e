/** Looks for the settings with which one alert would not have been: by runs of its rule, then by a run of the whole sensor. */
import type { AlertRecord } from './detect/alert.ts';
import type { ExplainedSetting, Explanation } from './detect/explanation.ts';
import { configName } from './detect/rule-settings.ts';
import { type SettingInForce, silencingTogether, silencingValue } from './detect/silence.ts';
import { type EvidenceReplay, isSilent } from './sensor-evidence-replay.ts';
import type { RuleBench } from './sensor-rule-bench.ts';

/** Units of windows and switches: raising these makes rules see more, not less. */
const NO_LIMITS: ReadonlySet<string> = new Set(['s', 'ms', '1 or 0']);

export class SilenceSearch {
  runs = 0;
  readonly #bench: RuleBench;
  readonly #base: Readonly<Record<string, number>>;
  readonly #replay: EvidenceReplay;
  readonly #fired: AlertRecord;
  readonly #key: string;

  /** `base`: changes that hold in every run. */
  constructor(bench: RuleBench, base: Readonly<Record<string, number>>, replay: EvidenceReplay, fired: AlertRecord, key: string) {
    this.#bench = bench;
    this.#base = base;
    this.#replay = replay;
    this.#fired = fired;
    this.#key = key;
  }

  get #settings(): SettingInForce[] {
    return Object.entries(this.#bench.rule.settings).map(([name, { least, most, unit }]) => ({
      name,
      value: this.#base[name] ?? this.#bench.inForce[name],
      least,
      most,
      unit,
    }));
  }

  readonly #fires = async (changes: Readonly<Record<string, number>>): Promise<boolean> => {
    this.runs++;
    return (await this.#bench.run({ ...this.#base, ...changes })).some(({ key }) => key === this.#key);
  };

  async one(name: string): Promise<ExplainedSetting['silenced_by']> {
    const setting = this.#settings.find((candidate) => candidate.name === name);
    const value = setting === undefined ? null : await silencingValue(setting, this.#fires);
    return value === null ? null : { value, verified: await this.#verified({ [name]: value }) };
  }

  /** The limits that the finding itself was compared with; where these do not do, everything that is counted. */
  async together(): Promise<Explanation['silenced_together']> {
    const compared = this.#settings.filter(({ name }) => name in this.#fired.threshold);
    const limits = this.#settings.filter(({ unit }) => !NO_LIMITS.has(unit));
    const values = (await silencingTogether(compared, this.#fires)) ?? (await silencingTogether(limits, this.#fires));
    if (values === null) return null;
    const named = Object.fromEntries(Object.entries(values).map(([name, value]) => [configName(name), value]));
    return { values: named, verified: await this.#verified(values) };
  }

  /** By the whole sensor. */
  async #verified(changes: Readonly<Record<string, number>>): Promise<boolean> {
    const entries = Object.entries({ ...this.#base, ...changes }).map(([name, value]) => [configName(name), value]);
    return isSilent(await this.#replay(Object.fromEntries(entries)), this.#fired);
  }
}
