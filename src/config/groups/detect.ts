/** Settings of detection; rules and lists have tables of their own in the configuration file. */
import { DEFAULT_INTERNAL_NETWORKS } from '../options.ts';
import { EVERY, type Setting } from '../setting.ts';

export const DETECT_SETTINGS = [
  {
    key: 'detect.enabled',
    keyAliases: ['analysis.anomalies.enabled'],
    type: 'switch',
    flag: 'anomalies',
    env: 'WEIR_ANOMALIES',
    default: false,
    commands: EVERY,
    section: 'Detection',
    help: 'Look for attacks and anomalies (weir rules lists them); on by itself where --alerts-jsonl, --behaviour-jsonl or --rules asks for it',
    helpOff: 'Do not look for attacks and anomalies',
  },
  {
    key: 'detect.internal_networks',
    type: 'list',
    flag: 'internal-network',
    env: 'WEIR_INTERNAL_NETWORKS',
    default: DEFAULT_INTERNAL_NETWORKS,
    placeholder: 'CIDR',
    commands: EVERY,
    section: 'Detection',
    help: 'A network of our own, repeatable; in place of the default ones',
  },
  {
    key: 'detect.rule_files',
    type: 'list',
    flag: 'rules',
    env: 'WEIR_RULES',
    default: [],
    placeholder: 'PATH',
    commands: EVERY,
    section: 'Detection',
    help: 'A file with rules of your own, or a folder of such files, repeatable',
  },
] as const satisfies readonly Setting[];
