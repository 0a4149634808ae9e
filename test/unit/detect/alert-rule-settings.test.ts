import { describe, expect, it } from 'vitest';
import { DEFAULT_DETECT, type DetectOptions } from '../../../src/config/options.ts';
import { checkRules, configName } from '../../../src/detect/rule-settings.ts';
import { prepareDetection, RULES, resolveRules } from '../../../src/detect/rules.ts';
import { knock, ring } from './alert-fixture.ts';

type Rules = DetectOptions['rules'];

const check = (rules: Rules, places: Record<string, string> = {}) => checkRules([knock, ring], { rules, networks: {}, places });
const problems = (rules: Rules, places: Record<string, string> = {}): string[] =>
  [...check(rules, places).unknown, ...check(rules, places).problems].map(({ message, hint }) =>
    hint === undefined ? message : `${message}; ${hint}`,
  );

describe('settings of rules', () => {
  it("are the rules' own when nothing is said", () => {
    expect(check({})).toEqual({
      problems: [],
      unknown: [],
      resolved: [knock, ring].map((rule) => ({
        rule,
        enabled: rule === knock,
        severity: 'medium',
        cooldownSecs: 30,
        settings: { doors: 25, closedShare: 0.5 },
        origins: { enabled: 'default', severity: 'default', cooldown_secs: 'default', doors: 'default', closed_share: 'default' },
        networks: [],
      })),
    });
  });

  it('are taken from the configuration, with where they came from', () => {
    const rules = { knock: { enabled: false, severity: 'high', cooldown_secs: 2.5, doors: 3 }, ring: { enabled: true } };
    const places = { 'rules.knock.doors': 'weir.toml:5:1', 'rules.ring.enabled': 'weir.toml:9:1' };
    const [first, second] = check(rules, places).resolved;
    expect(first).toMatchObject({ enabled: false, severity: 'high', cooldownSecs: 2.5, settings: { doors: 3, closedShare: 0.5 } });
    expect(first.origins).toEqual({
      enabled: 'options',
      severity: 'options',
      cooldown_secs: 'options',
      doors: 'weir.toml:5:1',
      closed_share: 'default',
    });
    expect([second.enabled, second.origins.enabled]).toEqual([true, 'weir.toml:9:1']);
  });

  it.each<[string, Rules, string]>([
    ['an unknown rule', { knok: {} }, 'detect.rules.knok names no rule; did you mean knock?'],
    ['a rule like no other', { zzzzzzzz: {} }, 'detect.rules.zzzzzzzz names no rule; weir rules lists all rules'],
    ['an unknown setting', { knock: { dors: 3 } }, 'detect.rules.knock.dors is no setting of the rule; did you mean doors?'],
    [
      'a setting like no other',
      { knock: { zzzzzzzz: 3 } },
      'detect.rules.knock.zzzzzzzz is no setting of the rule; knock has enabled, severity, cooldown_secs, doors, closed_share',
    ],
    [
      'the name that only the code uses',
      { knock: { closedShare: 1 } },
      'detect.rules.knock.closedShare is no setting of the rule; did you mean closed_share?',
    ],
    ['too small a number', { knock: { doors: 0 } }, 'detect.rules.knock.doors is 0, but must be a number between 1 and 65535 (doors)'],
    [
      'too large a number',
      { knock: { closed_share: 1.01 } },
      'detect.rules.knock.closed_share is 1.01, but must be a number between 0 and 1 (ratio)',
    ],
    ['no number', { knock: { doors: Number.NaN } }, 'detect.rules.knock.doors is null, but must be a number between 1 and 65535 (doors)'],
    ['a text for a number', { knock: { doors: '3' } }, 'detect.rules.knock.doors is "3", but must be a number between 1 and 65535 (doors)'],
    ['a number for a switch', { knock: { enabled: 1 } }, 'detect.rules.knock.enabled is 1, but must be true or false'],
    [
      'an unknown severity',
      { knock: { severity: 'grave' } },
      'detect.rules.knock.severity is "grave", but must be one of info, low, medium, high, critical',
    ],
    [
      'no cooldown',
      { knock: { cooldown_secs: 0 } },
      'detect.rules.knock.cooldown_secs is 0, but must be a number between 1 and 31536000 (s)',
    ],
  ])('refuse %s', (_name, rules, message) => {
    expect(problems(rules)).toEqual([message]);
    expect(() => resolveRules({ rules, networks: {}, places: {} }, [knock, ring])).toThrow(message.split('; ')[0]);
  });

  it('tell everything that is wrong, with its place, and keep the default there', () => {
    const rules = { knock: { doors: 0, closed_share: 2, dors: 1 } };
    const places = {
      'rules.knock.doors': 'weir.toml:2:1',
      'rules.knock.closed_share': 'weir.toml:3:1',
      'rules.knock.dors': 'weir.toml:4:1',
    };
    expect(problems(rules, places).map((line) => line.split(' ')[0])).toEqual(['weir.toml:4:1:', 'weir.toml:2:1:', 'weir.toml:3:1:']);
    expect(check(rules, places).resolved[0].settings).toEqual({ doors: 25, closedShare: 0.5 });
  });

  it('accept the ends of their ranges', () => {
    for (const doors of [1, 65_535]) expect(check({ knock: { doors } }).resolved[0].settings.doors).toBe(doors);
  });
});

describe('detection', () => {
  it('is ready with the defaults', () => {
    const setup = prepareDetection(DEFAULT_DETECT);
    expect(setup.rules.map(({ rule }) => rule)).toEqual(RULES);
    expect(setup.internal.contains('\n\0\0\u0001')).toBe(true);
    expect(setup.allow.matches('port_scan', '10.0.0.1', null, 0)).toBe(false);
  });

  it.each<[Partial<DetectOptions>, string]>([
    [{ rules: { nothing_like_it: {} } }, 'detect.rules.nothing_like_it names no rule'],
    [{ internalNetworks: ['x'] }, 'ours: "x" is neither'],
    [{ allow: [{ source: '/' }] }, 'detect.allow.0.source is "/"'],
    [{ suppress: [{ rule: 'none' }] }, 'detect.suppress.0.rule is "none"'],
  ])('is refused with %j', (options, message) => {
    expect(() => prepareDetection({ ...DEFAULT_DETECT, ...options }, { networksName: 'ours', rules: [knock] })).toThrow(message);
  });

  it('has rules whose own values are within their ranges, each with a name of its own', () => {
    const kinds = RULES.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const { kind, settings, cooldownSecs, confidence } of RULES) {
      expect(kind).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      expect(cooldownSecs, kind).toBeGreaterThanOrEqual(1);
      expect(confidence >= 0 && confidence <= 1, kind).toBe(true);
      for (const [name, { value, least, most }] of Object.entries(settings)) {
        expect(configName(name)).toMatch(/^[a-z]+(?:_[a-z0-9]+)*$/);
        expect(['enabled', 'severity', 'cooldown_secs']).not.toContain(configName(name));
        expect(least <= value && value <= most, `${kind}.${name}`).toBe(true);
      }
    }
  });
});
