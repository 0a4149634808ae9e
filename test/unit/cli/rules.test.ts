import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alertLine } from '../../../src/cli/alert-line.ts';
import { ruleJson, ruleTable, ruleText } from '../../../src/cli/rule-list.ts';
import type { AlertRecord } from '../../../src/detect/alert.ts';
import { checkRules } from '../../../src/detect/rule-settings.ts';
import { RULES } from '../../../src/detect/rules.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { knock, ring } from '../detect/alert-fixture.ts';
import { fakeRun } from './fake-run.ts';

const rules = checkRules([knock, ring], {
  rules: { knock: { doors: 30, severity: 'high' } },
  places: { 'rules.knock.doors': 'weir.toml:2:1', 'rules.knock.severity': 'weir.toml:3:1' },
}).resolved;

describe('rules as text', () => {
  it('are a table with a row per setting', () => {
    expect(ruleTable(rules).split('\n')).toEqual([
      'Rule   On   Severity              Setting        Value  Unit   From',
      'knock  on   high (weir.toml:3:1)  cooldown_secs     30  s      default',
      '                                  doors             30  doors  weir.toml:2:1',
      '                                  closed_share     0.5  ratio  default',
      'ring   off  medium                cooldown_secs     30  s      default',
      '                                  doors             25  doors  default',
      '                                  closed_share     0.5  ratio  default',
    ]);
  });

  it('are told one by one with everything about them', () => {
    expect(ruleText(rules[0]).split('\n')).toEqual([
      'knock: Knocking',
      'Somebody knocks.',
      '',
      'on, severity high (weir.toml:3:1), confidence 0.5, MITRE ATT&CK T1046 Network Service Discovery (discovery)',
      '',
      '  doors           30  doors  1 to 65535  weir.toml:2:1  Doors that are knocked at',
      '  closed_share   0.5  ratio  0 to 1      default        Of them, closed ones',
      '  cooldown_secs   30  s                  default        Repeats within it are counted on the alert',
    ]);
  });

  it('are objects for programs', () => {
    expect(ruleJson(rules[0])).toMatchObject({
      kind: 'knock',
      enabled: { value: true, default: true, from: 'default' },
      severity: { value: 'high', default: 'medium', from: 'weir.toml:3:1' },
      cooldown_secs: { value: 30, default: 30, from: 'default' },
      settings: { doors: { value: 30, default: 25, least: 1, most: 65_535, unit: 'doors', from: 'weir.toml:2:1' } },
    });
  });
});

describe('weir rules', () => {
  it('lists every rule', async () => {
    const { code, stdout, stderr } = await fakeRun(['rules']);
    expect([code, stderr.text]).toEqual([0, '']);
    for (const { kind } of RULES) expect(stdout.lines.some((line) => line.startsWith(`${kind} `))).toBe(true);
    const json = JSON.parse((await fakeRun(['rules', '--json'])).stdout.text) as { kind: string }[];
    expect(json.map(({ kind }) => kind)).toEqual(RULES.map(({ kind }) => kind));
  });

  it('tells everything about one', async () => {
    for (const { kind, title, description } of RULES) {
      const { stdout } = await fakeRun(['rules', kind]);
      expect(stdout.lines.slice(0, 2)).toEqual([`${kind}: ${title}`, description]);
    }
  });

  it('shows what a configuration changes', async () => {
    using folder = new TemporaryFolder('rules');
    const [rule] = RULES;
    writeFileSync(folder.file('weir.toml'), `[detect.rules.${rule.kind}]\ncooldown_secs = 77\n`);
    const { stdout } = await fakeRun(['rules', rule.kind, '--json'], { directory: folder.path });
    const [json] = JSON.parse(stdout.text) as [{ cooldown_secs: { value: number; from: string } }];
    expect(json.cooldown_secs).toMatchObject({ value: 77, from: `${folder.file('weir.toml')}:2:1` });
  });
});

describe('weir rules check', () => {
  const check = async (text: string) => {
    using folder = new TemporaryFolder('rules');
    const path = folder.file('my.toml');
    writeFileSync(path, text);
    const { code, stdout, stderr } = await fakeRun(['rules', 'check', '--config', path]);
    return { code, out: stdout.text.replaceAll(path, 'FILE'), errors: stderr.lines.map((line) => line.replaceAll(path, 'FILE')) };
  };
  const on = RULES.filter(({ enabled }) => enabled).length;

  it('says what is in force', async () => {
    expect(await check(`[detect]\nenabled = true\n[detect.rules.${RULES[0].kind}]\ncooldown_secs = 5\n`)).toEqual({
      code: 0,
      out: `FILE: ${on} of ${RULES.length} rules are on, 1 setting is not the default\n`,
      errors: [],
    });
    expect((await check('[detect]\nenabled = false\n')).out).toMatch(/; detection is off\n$/);
    expect((await fakeRun(['rules', 'check'])).stdout.text).toMatch(/^no configuration file: \d+ of \d+ rules are on, 0 settings are/);
  });

  it('tells everything that is wrong with rules, each in one line', async () => {
    const { kind } = RULES[0];
    const { code, out, errors } = await check(`[detect.rules.no_such_rule]\n[detect.rules.${kind}]\ncooldown_secs = -1\nenabled = "yes"\n`);
    expect([code, out]).toEqual([2, '']);
    expect(errors.filter((line) => !line.startsWith('  hint: '))).toEqual([
      'weir: FILE:1:15: detect.rules.no_such_rule names no rule',
      `weir: FILE:4:1: detect.rules.${kind}.enabled is "yes", but must be true or false`,
      `weir: FILE:3:1: detect.rules.${kind}.cooldown_secs is -1, but must be a number between 1 and 31536000 (s)`,
    ]);
  });

  it.each([
    ['a list', '[[detect.allow]]\nsource = "10.0.0/8"\n', 'weir: FILE:2:1: detect.allow.0.source is "10.0.0/8", which is no address'],
    ['a network', '[detect]\ninternal_networks = ["x"]\n', 'weir: detect.internal_networks (FILE): "x" is neither a network'],
    ['another setting', '[capture]\nsnaplen = 1\n', 'weir: FILE:2:1: capture.snaplen is 1'],
    ['the form of the file', '[detect\n', 'weir: FILE:'],
  ])('notices what is wrong with %s', async (_name, text, message) => {
    const { code, errors } = await check(text);
    expect(code).toBe(2);
    expect(errors[0].startsWith(message), errors[0]).toBe(true);
  });
});

describe('a configuration of detection', () => {
  it('reaches the sensor', async () => {
    using folder = new TemporaryFolder('rules');
    const { kind } = RULES[0];
    writeFileSync(folder.file('weir.toml'), `[detect.rules.${kind}]\nenabled = false\n[[detect.allow]]\nsource = "10.0.0.5"\n`);
    const args = [
      'replay',
      'x',
      '--internal-network',
      '10.1.0.0/16',
      '--internal-network',
      '10.2.0.0/16,fd00::/8',
      '--alerts-jsonl',
      'a.jsonl',
    ];
    const { sensor } = await fakeRun(args, { directory: folder.path });
    expect(sensor?.options.detect).toMatchObject({
      enabled: true,
      internalNetworks: ['10.1.0.0/16', '10.2.0.0/16', 'fd00::/8'],
      rules: { [kind]: { enabled: false } },
      allow: [{ source: '10.0.0.5' }],
    });
    expect(sensor?.options.output.alertsJsonl).toBe('a.jsonl');
    expect((await fakeRun(['replay', 'x', '--no-anomalies'])).sensor?.options.detect.enabled).toBe(false);
    expect((await fakeRun(['replay', 'x'], { environment: { WEIR_ANOMALIES: '0' } })).sensor?.options.detect.enabled).toBe(false);
  });

  it('stops a run before it starts when a rule is wrong', async () => {
    using folder = new TemporaryFolder('rules');
    writeFileSync(folder.file('weir.toml'), '[detect.rules.no_such_rule]\n');
    const { code, sensor, stderr } = await fakeRun(['replay', 'x'], { directory: folder.path });
    expect([code, sensor]).toEqual([2, null]);
    expect(stderr.lines[0]).toBe(`weir: ${folder.file('weir.toml')}:1:15: detect.rules.no_such_rule names no rule`);
  });
});

describe('alerts of a run', () => {
  const alert = { severity: 'high', kind: 'port_scan', description: 'a scan', suppressed: false } as AlertRecord;

  it.each([[[]], [['--quiet']]])('are shown once, and not when they are suppressed: %j', async (flags) => {
    const { stdout } = await fakeRun(['replay', 'x', ...flags], {
      play: (sensor) => {
        sensor.emit('alert', alert, true);
        sensor.emit('alert', { ...alert, description: 'a repeat' }, false);
        sensor.emit('alert', { ...alert, suppressed: true }, true);
      },
    });
    expect(stdout.lines.filter((line) => line.startsWith('[alert]'))).toEqual(['[alert] high port_scan a scan']);
    expect(stdout.lines[0]).toBe('[alert] high port_scan a scan');
  });

  it('go to standard error when standard output holds a file', async () => {
    const { stdout, stderr } = await fakeRun(['replay', 'x', '--alerts-jsonl', '-'], {
      play: (sensor) => void sensor.emit('alert', alert, true),
    });
    expect(stdout.text).toBe('');
    expect(stderr.lines[0]).toBe('[alert] high port_scan a scan');
  });
});

describe('an alert on the screen', () => {
  const alert = { severity: 'high', kind: 'port_scan', description: '10.0.0.1 tried 25 ports' } as AlertRecord;

  it('is one line', () => {
    expect(alertLine(alert, false)).toBe('[alert] high port_scan 10.0.0.1 tried 25 ports');
    expect(alertLine({ ...alert, description: 'a\nb\u001b[31m\u202ec' }, false)).toBe('[alert] high port_scan a\\x0ab\\x1b[31m\\u{202e}c');
  });

  it('is coloured by its severity where that is wanted', () => {
    const lines = (['info', 'low', 'medium', 'high', 'critical'] as const).map((severity) => alertLine({ ...alert, severity }, true));
    expect(lines[3]).toBe('\u001b[31m[alert] high\u001b[39m port_scan 10.0.0.1 tried 25 ports');
    expect(new Set(lines.map((line) => line.slice(0, 5))).size).toBe(4);
  });
});
