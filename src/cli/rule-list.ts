/** Rules with what is in force for them, for people and for programs. */
import { configName, type ResolvedRule } from '../detect/rule-settings.ts';
import { plainTable } from '../export/plain-table.ts';
import { printable } from '../packet/text.ts';

const HEAD = ['Rule', 'On', 'Severity', 'Setting', 'Value', 'Unit', 'From'];

/** Cooldown and own settings: a row each. */
function settingRows({ rule, cooldownSecs, settings, origins }: ResolvedRule): string[][] {
  const own = Object.entries(rule.settings).map(([name, { unit }]) => [
    configName(name),
    String(settings[name]),
    unit,
    origins[configName(name)],
  ]);
  return [['cooldown_secs', String(cooldownSecs), 's', origins.cooldown_secs], ...own].map((row) => row.map(printable));
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
  ].join('\n');
}

/** For `--json`. */
export function ruleJson({ rule, enabled, severity, cooldownSecs, settings, origins }: ResolvedRule): Record<string, unknown> {
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
  };
}
