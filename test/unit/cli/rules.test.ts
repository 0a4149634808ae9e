import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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
  networks: {},
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
      '',
      'Networks with settings of their own, by the address of the source: none',
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

describe('rules with settings per network', () => {
  const networks = { '10.0.0.0/8': { knock: { doors: 40, enabled: false } }, '10.1.0.0/16': { knock: { enabled: true } } };
  const places = { 'networks.10.0.0.0/8.knock.doors': 'weir.toml:7:1' };
  const [rule] = checkRules([{ ...knock, decides: 'target' }], { rules: {}, networks, places }).resolved;

  it('have a row for each value that is another there', () => {
    expect(ruleTable([rule]).split('\n').slice(4)).toEqual([
      '                     enabled in 10.0.0.0/8   false         options',
      '                     doors in 10.0.0.0/8        40  doors  weir.toml:7:1',
      '                     enabled in 10.1.0.0/16   true         options',
      '                     doors in 10.1.0.0/16       40  doors  weir.toml:7:1',
    ]);
    expect(ruleText(rule).split('\n').slice(-5)).toEqual([
      'Networks with settings of their own, by the address of the target:',
      '  10.0.0.0/8   enabled  false         options',
      '  10.0.0.0/8   doors       40  doors  weir.toml:7:1',
      '  10.1.0.0/16  enabled   true         options',
      '  10.1.0.0/16  doors       40  doors  weir.toml:7:1',
    ]);
  });

  it('tell programs the same', () => {
    expect(ruleJson(rule)).toMatchObject({
      decides: 'target',
      networks: {
        '10.0.0.0/8': { enabled: { value: false, from: 'options' }, doors: { value: 40, from: 'weir.toml:7:1' } },
        '10.1.0.0/16': { enabled: { value: true, from: 'options' }, doors: { value: 40, from: 'weir.toml:7:1' } },
      },
    });
    expect(ruleText(checkRules([{ ...knock, decides: null }], { rules: {}, networks: {}, places: {} }).resolved[0])).toMatch(
      /about no address$/,
    );
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

  it('tells what is wrong with networks', async () => {
    const { code, errors } = await check(`[detect.networks."10.0.0.0/33".port_scan]
ports = 3
[detect.networks."10.1.0.0/16".port_scam]
ports = 3
[detect.networks."10.1.9.9/16".port_scan]
ports = 3
[detect.networks."fd00::/8".port_scan]
prots = 3
ports = 1
[detect.networks."fd00::/8".clock_step]
`);
    expect(code).toBe(2);
    expect(errors).toEqual([
      'weir: FILE:3:32: detect.networks.10.1.0.0/16.port_scam names no rule',
      '  hint: did you mean port_scan?',
      'weir: FILE:1:19: detect.networks.10.0.0.0/33 is neither a network in CIDR notation nor an address',
      '  hint: write networks like 10.20.0.0/16 or fd00::/8, in quotes',
      'weir: FILE:5:19: detect.networks.10.1.9.9/16 is the same network as 10.1.0.0/16',
      '  hint: put both tables under one of them',
      'weir: FILE:8:1: detect.networks.fd00::/8.port_scan.prots is no setting of the rule',
      '  hint: did you mean ports?',
      'weir: FILE:9:1: detect.networks.fd00::/8.port_scan.ports is 1, but must be a number between 2 and 1024 (ports)',
      'weir: FILE:10:29: detect.networks.fd00::/8.clock_step is about no address: it has the same settings everywhere',
      '  hint: write [detect.rules.clock_step]',
    ]);
  });

  it('counts what is said of networks', async () => {
    const text =
      '[detect.networks."10.1.0.0/16".port_scan]\nports = 3\n[detect.networks."10.2.0.0/16".port_scan]\nenabled = false\nports = 4\n';
    expect((await check(text)).out).toMatch(/: \d+ of \d+ rules are on, 3 settings are not the default; detection is off\n$/);
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

describe('rules of our own', () => {
  const own = fileURLToPath(new URL('../../fixtures/rules', import.meta.url));
  const rulesWith = async (text: string, ...args: string[]) => {
    using folder = new TemporaryFolder('rules');
    const path = folder.file('my.toml');
    writeFileSync(path, text);
    const { code, stdout, stderr } = await fakeRun(['rules', ...args, '--config', path]);
    return { code, out: stdout.text.replaceAll(path, 'FILE'), errors: stderr.lines.map((line) => line.replaceAll(path, 'FILE')) };
  };
  const tables = `[detect.rules.many_questions]\nnames = 7\nseverity = "high"\n[detect.networks."10.1.0.0/16".many_questions]\nwindow_secs = 5\n[[detect.allow]]\nrule = "many_questions"\n`;

  it('are listed with what the configuration says of them', async () => {
    const { code, out, errors } = await rulesWith(tables, 'many_questions', '--json', '--rules', own);
    expect([code, errors]).toEqual([0, []]);
    expect(JSON.parse(out)).toMatchObject([
      {
        kind: 'many_questions',
        severity: { value: 'high', default: 'low', from: 'FILE:3:1' },
        settings: { names: { value: 7, default: 3, from: 'FILE:2:1' }, window_secs: { value: 10, from: 'default' } },
        networks: { '10.1.0.0/16': { window_secs: { value: 5, from: 'FILE:5:1' } } },
      },
    ]);
    const listed = await rulesWith(`[detect]\nrule_files = [${JSON.stringify(own)}]\n${tables}`);
    expect(listed.out).toMatch(/^many_questions +on +high \(FILE:5:1\) +cooldown_secs +60 +s +default$/m);
  });

  it('are checked with the rest', async () => {
    const good = await rulesWith(tables, 'check', '--rules', own);
    expect([good.code, good.errors]).toEqual([0, []]);
    expect(good.out).toMatch(new RegExp(`of ${RULES.length + 1} rules are on, 3 settings`));
    const bad = await rulesWith(
      '[detect.rules.many_questions]\nwindow_sec = 7\nnames = 0\n[detect.rules.many_question]\n',
      'check',
      '--rules',
      own,
    );
    expect(bad.code).toBe(2);
    expect(bad.errors).toEqual([
      'weir: FILE:4:15: detect.rules.many_question names no rule',
      '  hint: did you mean many_questions?',
      'weir: FILE:2:1: detect.rules.many_questions.window_sec is no setting of the rule',
      '  hint: did you mean window_secs?',
      'weir: FILE:3:1: detect.rules.many_questions.names is 0, but must be a number between 1 and 100 (names)',
    ]);
    const without = await rulesWith(tables, 'check');
    expect(without.errors[0]).toBe('weir: FILE:1:15: detect.rules.many_questions names no rule');
  });

  it('that cannot be used are told by the check, and left out of the list', async () => {
    using folder = new TemporaryFolder('broken');
    writeFileSync(folder.file('broken.mjs'), 'export default { kind: foo bar };\n');
    const broken = ['--rules', own, '--rules', folder.path];
    const said = '[detect.rules.not_there]\n';
    const line = `weir: ${folder.file('broken.mjs')}:1: Unexpected identifier 'bar'`;
    const checked = await rulesWith(said, 'check', ...broken);
    expect(checked).toMatchObject({ code: 2, out: '' });
    expect(checked.errors.slice(0, 2)).toEqual([line, 'weir: FILE:1:15: detect.rules.not_there names no rule']);
    const listed = await rulesWith(said, ...broken);
    expect(listed.code).toBe(0);
    expect(listed.errors[0]).toBe(line);
    expect(listed.out).toMatch(/^many_questions /m);
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
