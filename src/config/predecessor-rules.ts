/** Settings of rules under the keys that a predecessor's files have: `[analysis.anomalies.port_scan]`. */

const SECTION = ['analysis', 'anomalies'] as const;

/** By rule: name there, name here. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  syn_flood: {
    enabled: 'enabled',
    window_secs: 'window_secs',
    syn_threshold: 'unanswered',
    unique_src_threshold: 'sources',
    cooldown_secs: 'cooldown_secs',
  },
  port_scan: {
    enabled: 'enabled',
    window_secs: 'window_secs',
    unique_ports_threshold: 'ports',
    unique_hosts_threshold: 'hosts',
    cooldown_secs: 'cooldown_secs',
  },
};

export interface RenamedSetting {
  /** Where it stands in the document. */
  path: readonly string[];
  rule: string;
  name: string;
}

/** Every such setting that there is. */
export const RENAMED_SETTINGS: readonly RenamedSetting[] = Object.entries(NAMES).flatMap(([rule, names]) =>
  Object.entries(names).map(([there, name]) => ({ path: [...SECTION, rule, there], rule, name })),
);

/** The setting of a path of the document, if it is one of these. */
export function renamedSetting(path: readonly string[]): RenamedSetting | undefined {
  return RENAMED_SETTINGS.find((setting) => setting.path.join('.') === path.join('.'));
}
