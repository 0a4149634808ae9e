import { describe, expect, it } from 'vitest';
import { sensorOptions } from '../../../src/config/build-options.ts';
import { mergeLayers } from '../../../src/config/layers.ts';
import { DEFAULT_DETECT } from '../../../src/config/options.ts';
import { RENAMED_SETTINGS } from '../../../src/config/predecessor-rules.ts';
import { printConfig } from '../../../src/config/print-config.ts';
import { NO_TABLES, type RuleTables } from '../../../src/config/rule-tables.ts';
import { readConfigText } from '../../../src/config/toml-file.ts';
import { positionsOf } from '../../../src/config/toml-position.ts';
import { checkRules } from '../../../src/detect/rule-settings.ts';
import { RULES } from '../../../src/detect/rules.ts';
import { SensorError } from '../../../src/errors.ts';

const tablesOf = (text: string): RuleTables => readConfigText('weir.toml', text).tables;

function refusal(text: string): [string, string | undefined] {
  try {
    readConfigText('weir.toml', text);
  } catch (error) {
    if (error instanceof SensorError && error.code === 'CONFIG') return [error.message, error.hint];
    throw error;
  }
  return ['accepted', undefined];
}

const FULL = `[detect]
enabled = true
internal_networks = ["10.0.0.0/8"]

[detect.rules.port_scan]
enabled = false
severity = "high"
ports = 30
share = 0.5

[detect.rules.syn_flood]

[detect.networks."10.20.0.0/16".port_scan]
ports = 200

[detect.networks."fd00::/8".syn_flood]
enabled = false

[[detect.allow]]
rule = "port_scan"
source = "10.0.0.5"

[[detect.allow]]
target = "*.example.com"

[[detect.suppress]]
source = "10.0.0.0/24"
from = 2026-01-31T22:00:00Z
until = 2026-02-01T00:00:00+01:00
`;

describe('tables of rules and alerts', () => {
  it('are read with their places', () => {
    const { rules, networks, allow, suppress, places } = tablesOf(FULL);
    expect(rules).toEqual({ port_scan: { enabled: false, severity: 'high', ports: 30, share: 0.5 }, syn_flood: {} });
    expect(networks).toEqual({ '10.20.0.0/16': { port_scan: { ports: 200 } }, 'fd00::/8': { syn_flood: { enabled: false } } });
    expect(allow).toEqual([{ rule: 'port_scan', source: '10.0.0.5' }, { target: '*.example.com' }]);
    expect(suppress).toEqual([{ source: '10.0.0.0/24', from: 1_769_896_800, until: 1_769_900_400 }]);
    expect(places).toMatchObject({
      'rules.port_scan': 'weir.toml:5:15',
      'rules.port_scan.ports': 'weir.toml:8:1',
      'rules.syn_flood': 'weir.toml:11:15',
      'networks.10.20.0.0/16': 'weir.toml:13:19',
      'networks.10.20.0.0/16.port_scan.ports': 'weir.toml:14:1',
      'networks.fd00::/8.syn_flood.enabled': 'weir.toml:17:1',
      'allow.0.source': 'weir.toml:21:1',
      'allow.1.target': 'weir.toml:24:1',
      'suppress.0.until': 'weir.toml:29:1',
    });
  });

  it('stand beside settings, which stay settings', () => {
    const { settings } = readConfigText('weir.toml', FULL);
    expect([...settings.keys()]).toEqual(['detect.enabled', 'detect.internal_networks']);
    expect(tablesOf('[detect]\nenabled = false\n')).toEqual(NO_TABLES);
    expect(tablesOf('')).toEqual(NO_TABLES);
  });

  it('become options of the sensor', () => {
    const { settings, tables } = readConfigText('weir.toml', FULL);
    const none = new Map();
    const resolved = mergeLayers({ flags: none, environment: none, file: settings, tables }, 'weir.toml');
    expect(sensorOptions('replay', resolved.values, resolved.tables).detect).toEqual({
      enabled: true,
      evidenceDir: null,
      evidenceMaxMb: 256,
      internalNetworks: ['10.0.0.0/8'],
      ruleFiles: [],
      ...tables,
    });
    const bare = mergeLayers({ flags: none, environment: none, file: none }, null);
    expect(sensorOptions('replay', bare.values, bare.tables).detect).toEqual(DEFAULT_DETECT);
  });

  it('are printed as a file that says the same', () => {
    const text = `${FULL}\n[detect.rules."odd name"]\n"odd key" = "a\\"b\\u007f"\n`;
    const { settings, tables } = readConfigText('weir.toml', text);
    const none = new Map();
    const printed = printConfig(mergeLayers({ flags: none, environment: none, file: settings, tables }, 'weir.toml'), 'weir');
    const { places: _, ...said } = tables;
    const { places: __, ...again } = tablesOf(printed);
    expect(again).toEqual(said);
    expect(printed.split('\n')).toContain('ports = 30  # weir.toml:8:1');
  });

  it.each<[string, string, string, string | undefined]>([
    [
      'a value for the rules',
      '[detect]\nrules = 3\n',
      'weir.toml:2:1: detect.rules must be tables, one for each rule: [detect.rules.port_scan]',
      undefined,
    ],
    [
      'a value for a rule',
      '[detect.rules]\nport_scan = 3\n',
      'weir.toml:2:1: detect.rules.port_scan must be a table of a rule: [detect.rules.port_scan]',
      undefined,
    ],
    [
      'a list as a setting',
      '[detect.rules.port_scan]\n# many\nports = [3]\n',
      'weir.toml:3:1: detect.rules.port_scan.ports must be a number, a string, or true or false',
      undefined,
    ],
    [
      'what is no number',
      '[detect.rules.port_scan]\nports = nan\n',
      'weir.toml:2:1: detect.rules.port_scan.ports must be a number, a string, or true or false',
      undefined,
    ],
    [
      'a table in a rule',
      '[detect.rules.port_scan.ports]\nmost = 3\n',
      'weir.toml:1:25: detect.rules.port_scan.ports must be a number, a string, or true or false',
      undefined,
    ],
    [
      'a value for the networks',
      '[detect]\nnetworks = ["10.0.0.0/8"]\n',
      'weir.toml:2:1: detect.networks must be tables, one for each network and rule: [detect.networks."10.20.0.0/16".port_scan]',
      undefined,
    ],
    [
      'a setting without its rule',
      '[detect.networks."10.0.0.0/8"]\nports = 3\n',
      'weir.toml:2:1: detect.networks.10.0.0.0/8.ports must be a table of a rule: [detect.networks."10.20.0.0/16".port_scan]',
      undefined,
    ],
    [
      'a network without quotes',
      '[detect.networks.10.20.0.0.port_scan]\nports = 3\n',
      'weir.toml:1:9: detect.networks.10 is no network; write it in quotes: [detect.networks."10.20.0.0/16".port_scan]',
      undefined,
    ],
    [
      'one entry without a list',
      '[detect.allow]\nrule = "x"\n',
      'weir.toml:1:9: detect.allow must be a list of tables: [[detect.allow]]',
      undefined,
    ],
    ['texts for entries', '[detect]\nallow = ["10.0.0.1"]\n', 'weir.toml:2:1: detect.allow.0 must be a table: [[detect.allow]]', undefined],
    [
      'an unknown key of an entry',
      '[[detect.allow]]\nsorce = "x"\n',
      'weir.toml:2:1: detect.allow.0.sorce is not known',
      'did you mean source?',
    ],
    [
      'a time in the allow list',
      '[[detect.allow]]\nuntil = 2026-01-31T22:00:00Z\n',
      'weir.toml:2:1: detect.allow.0.until is not known',
      'there are rule, source, target',
    ],
    [
      'a number for a source',
      '[[detect.allow]]\nsource = 10\n',
      'weir.toml:2:1: detect.allow.0.source must be a string that is not empty',
      undefined,
    ],
    [
      'an empty source',
      '[[detect.allow]]\nsource = ""\n',
      'weir.toml:2:1: detect.allow.0.source must be a string that is not empty',
      undefined,
    ],
    [
      'a time without an offset',
      '[[detect.suppress]]\nuntil = 2026-01-31T22:00:00\n',
      'weir.toml:2:1: detect.suppress.0.until must be a date and time with an offset: 2026-01-31T22:00:00Z',
      undefined,
    ],
    [
      'one setting under both keys',
      '[analysis.anomalies.port_scan]\nunique_ports_threshold = 40\n[detect.rules.port_scan]\nports = 3\n',
      'weir.toml:2:1: analysis.anomalies.port_scan.unique_ports_threshold and detect.rules.port_scan.ports are the same setting',
      'keep one of them',
    ],
    [
      'an unknown key of a predecessor',
      '[analysis.anomalies.port_scan]\nunique_port_threshold = 40\n',
      'weir.toml:2:1: unknown key analysis.anomalies.port_scan.unique_port_threshold',
      'did you mean analysis.anomalies.port_scan.unique_ports_threshold?',
    ],
    ['a mistyped table', '[[detect.alow]]\nrule = "x"\n', 'weir.toml:1:10: unknown key detect.alow', 'did you mean detect.allow?'],
  ])('refuse %s', (_name, text, message, hint) => {
    expect(refusal(text)).toEqual([message, hint]);
  });

  it("know a predecessor's keys, as settings of rules that there are", () => {
    const text =
      '[analysis.anomalies]\nenabled = true\n[analysis.anomalies.port_scan]\nunique_ports_threshold = 40\nwindow_secs = 20.0\n' +
      '[analysis.anomalies.syn_flood]\nenabled = false\nsyn_threshold = 300\nunique_src_threshold = 60\ncooldown_secs = 20\n';
    const { settings, tables } = readConfigText('weir.toml', text);
    expect([...settings.keys()]).toEqual(['detect.enabled']);
    expect(tables.rules).toEqual({
      syn_flood: { enabled: false, unanswered: 300, sources: 60, cooldown_secs: 20 },
      port_scan: { window_secs: 20, ports: 40 },
    });
    expect(tables.places['rules.port_scan.ports']).toBe('weir.toml:4:1');
    expect(checkRules(RULES, tables).problems).toEqual([]);
    const everything: RuleTables['rules'] = { syn_flood: {}, port_scan: {} };
    for (const { rule, name } of RENAMED_SETTINGS) everything[rule][name] = name === 'enabled' ? true : 10;
    expect(checkRules(RULES, { rules: everything, networks: {}, places: {} }).problems).toEqual([]);
  });

  it('cannot reach what objects inherit', () => {
    const { rules } = tablesOf('[detect.rules.__proto__]\nenabled = true\n[detect.rules.constructor]\n');
    expect(Object.keys(rules)).toEqual(['__proto__', 'constructor']);
    expect(({} as { enabled?: boolean }).enabled).toBeUndefined();
  });

  it('have all their lines found in one pass', () => {
    const lines = Array.from({ length: 300 }, (_, index) => `s${index} = ${index}`);
    const text = `[detect.rules.many]\n${lines.join('\n')}\n`;
    const paths = lines.map((_, index) => ['detect', 'rules', 'many', `s${index}`]);
    expect(positionsOf(text, [...paths, ['nothing']]).map((position) => position?.line)).toEqual([
      ...lines.map((_, index) => index + 2),
      undefined,
    ]);
  });
});
