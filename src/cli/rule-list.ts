/** Rules with what is in force for them, for people and for programs. */
import { configName, type InForce, type NetworkInForce, type ResolvedRule } from '../detect/rule-settings.ts';
import { deciderOf } from '../detect/rule-variants.ts';
import { plainTable } from '../export/plain-table.ts';
import { printable } from '../packet/text.ts';

const HEAD = ['Rule', 'On', 'Severity', 'Setting', 'Value', 'Unit', 'From'];

interface Difference {
  /** As in a configuration. */
  readonly name: string;
  readonly value: number | string | boolean;
  readonly unit: string;
  readonly from: string;
}

/** What is otherwise in a network than everywhere else. */
function differences({ rule, ...everywhere }: ResolvedRule, network: NetworkInForce): Difference[] {
  const valuesOf = ({ enabled, severity, cooldownSecs, settings, origins }: InForce): Difference[] => {
    const own = Object.entries(rule.settings).map(([name, { unit }]) => ({ name: configName(name), value: settings[name], unit }));
    const shared = [
      { name: 'enabled', value: enabled, unit: '' },
      { name: 'severity', value: severity, unit: '' },
      { name: 'cooldown_secs', value: cooldownSecs, unit: 's' },
    ];
    return [...shared, ...own].map((each) => ({ ...each, from: origins[each.name] }));
  };
  const above = valuesOf(everywhere);
  return valuesOf(network).filter(({ value, from }, index) => value !== above[index].value || from !== above[index].from);
}

/** Cooldown and own settings: a row each; then those of networks that have others. */
function settingRows(resolved: ResolvedRule): string[][] {
  const { rule, cooldownSecs, settings, origins, networks } = resolved;
  const own = Object.entries(rule.settings).map(([name, { unit }]) => [
    configName(name),
    String(settings[name]),
    unit,
    origins[configName(name)],
  ]);
  const ofNetworks = networks.flatMap((network) =>
    differences(resolved, network).map(({ name, value, unit, from }) => [`${name} in ${network.network}`, String(value), unit, from]),
  );
  return [['cooldown_secs', String(cooldownSecs), 's', origins.cooldown_secs], ...own, ...ofNetworks].map((row) => row.map(printable));
}

/** Where the switch and the severity come from, when not from the rule. */
function ruleCells({ rule, enabled, severity, origins }: ResolvedRule): string[] {
  const given = (name: string): string => (origins[name] === 'default' ? '' : ` (${printable(origins[name])})`);
  return [rule.kind, `${enabled ? 'on' : 'off'}${given('enabled')}`, `${severity}${given('severity')}`];
}

/** A row per setting; a rule's name, switch and severity stand in its first. */
export function ruleTable(rules: readonly ResolvedRule[]): string {
  const rows = rules.flatMap((resolved) =>
    settingRows(resolved).map((row, index) => [...(index === 0 ? ruleCells(resolved) : ['', '', '']), ...row]),
  );
  return plainTable([HEAD, ...rows], ['left', 'left', 'left', 'left', 'right']);
}

/** Whose network may have other settings, and which have. */
function networkLines(resolved: ResolvedRule): string[] {
  const decider = deciderOf(resolved.rule);
  if (decider === null) return ['The same in every network: it is about no address'];
  const rows = resolved.networks.flatMap((network) =>
    differences(resolved, network).map(({ name, value, unit, from }) =>
      [`  ${network.network}`, name, String(value), unit, from].map(printable),
    ),
  );
  const whose = `Networks with settings of their own, by the address of the ${decider}`;
  return rows.length === 0 ? [`${whose}: none`] : [`${whose}:`, plainTable(rows, ['left', 'left', 'right'])];
}

/** Everything about one rule. */
export function ruleText(resolved: ResolvedRule): string {
  const { rule, settings, origins } = resolved;
  const [kind, enabled, severity] = ruleCells(resolved);
  const mitre = rule.mitre.map(({ technique, name, tactic }) => `${technique} ${name} (${tactic})`);
  const rows = Object.entries(rule.settings).map(([name, { least, most, unit, description }]) => [
    `  ${configName(name)}`,
    String(settings[name]),
    unit,
    `${least} to ${most}`,
    printable(origins[configName(name)]),
    description,
  ]);
  const cooldown = [
    '  cooldown_secs',
    String(resolved.cooldownSecs),
    's',
    '',
    printable(origins.cooldown_secs),
    'Repeats within it are counted on the alert',
  ];
  return [
    `${kind}: ${rule.title}`,
    rule.description,
    '',
    `${enabled}, severity ${severity}, confidence ${rule.confidence}${mitre.length === 0 ? '' : `, MITRE ATT&CK ${mitre.join(', ')}`}`,
    '',
    plainTable([...rows, cooldown], ['left', 'right']),
    '',
    ...networkLines(resolved),
  ].join('\n');
}

/** For `--json`. */
export function ruleJson(resolved: ResolvedRule): Record<string, unknown> {
  const { rule, enabled, severity, cooldownSecs, settings, origins } = resolved;
  const { kind, title, description, confidence, mitre } = rule;
  return {
    kind,
    title,
    description,
    enabled: { value: enabled, default: rule.enabled, from: origins.enabled },
    severity: { value: severity, default: rule.severity, from: origins.severity },
    confidence,
    mitre,
    cooldown_secs: { value: cooldownSecs, default: rule.cooldownSecs, from: origins.cooldown_secs },
    settings: Object.fromEntries(
      Object.entries(rule.settings).map(([name, setting]) => [
        configName(name),
        {
          value: settings[name],
          default: setting.value,
          least: setting.least,
          most: setting.most,
          unit: setting.unit,
          description: setting.description,
          from: origins[configName(name)],
        },
      ]),
    ),
    decides: deciderOf(rule),
    networks: Object.fromEntries(
      resolved.networks.map((network) => [
        network.network,
        Object.fromEntries(differences(resolved, network).map(({ name, value, from }) => [name, { value, from }])),
      ]),
    ),
  };
}
