import { describe, expect, it } from 'vitest';
import { markdownTables } from '../../../src/config/manual.ts';
import type { DetectOptions } from '../../../src/config/options.ts';
import { MOST_NETWORKS } from '../../../src/detect/network-settings.ts';
import { NetworkTable } from '../../../src/detect/network-table.ts';
import { addressOf } from '../../../src/detect/networks.ts';
import { regionalRule } from '../../../src/detect/regional-rule.ts';
import type { Rule } from '../../../src/detect/rule.ts';
import { checkRules, type ResolvedRule } from '../../../src/detect/rule-settings.ts';
import { inForceFor, variantsOf } from '../../../src/detect/rule-variants.ts';
import { RULES } from '../../../src/detect/rules.ts';
import { knock, ring } from './alert-fixture.ts';
import { answer, arp, open, RuleRig, surge, tick } from './rule-rig.ts';

type Networks = DetectOptions['networks'];

const check = (networks: Networks, rules: DetectOptions['rules'] = {}) => checkRules([knock, ring], { rules, networks, places: {} });
const messages = (networks: Networks) => {
  const { unknown, problems } = check(networks);
  return [...unknown, ...problems].map(({ message, hint }) => `${message}${hint === undefined ? '' : `; ${hint}`}`);
};
const resolve = (networks: Networks, rules?: DetectOptions['rules']): ResolvedRule => check(networks, rules).resolved[0];

describe('the most specific network', () => {
  const table = new NetworkTable(['10.0.0.0/8', '10.20.0.0/16', '10.20.30.40', 'fd00::/8', 'fd00:1::/32', '0.0.0.0/1']);

  it.each([
    ['9.255.255.255', 5],
    ['10.0.0.0', 0],
    ['10.19.255.255', 0],
    ['10.20.0.0', 1],
    ['10.20.30.39', 1],
    ['10.20.30.40', 2],
    ['10.20.30.41', 1],
    ['10.20.255.255', 1],
    ['10.21.0.0', 0],
    ['11.0.0.0', 5],
    ['128.0.0.0', -1],
    ['fcff::', -1],
    ['fd00::1', 3],
    ['fd00:1:ffff::1', 4],
    ['fd00:2::1', 3],
    ['fe00::', -1],
    ['::ffff:10.20.0.1', 1],
  ])('of %s is %i', (address, index) => {
    for (const _ of ['asked', 'remembered']) expect(table.indexOf(addressOf(address) ?? '')).toBe(index);
  });
});

describe('settings per network', () => {
  it('take what they do not say from the network around them, and that from everywhere', () => {
    const networks = {
      '10.20.0.0/16': { knock: { closed_share: 0.9, severity: 'high' } },
      '10.0.0.0/8': { knock: { doors: 40, severity: 'low' } },
      '10.20.30.0/24': { ring: { enabled: true } },
      'fd00::/8': { knock: { enabled: false } },
    };
    const rule = resolve(networks, { knock: { cooldown_secs: 7 } });
    expect(rule.networks).toMatchObject([
      { network: '10.0.0.0/8', severity: 'low', cooldownSecs: 7, settings: { doors: 40, closedShare: 0.5 } },
      { network: 'fd00::/8', enabled: false, severity: 'medium', cooldownSecs: 7, settings: { doors: 25, closedShare: 0.5 } },
      { network: '10.20.0.0/16', severity: 'high', cooldownSecs: 7, settings: { doors: 40, closedShare: 0.9 } },
    ]);
    const of = (source: string | null) => inForceFor(rule, { source, target: '10.0.0.1' });
    expect(of('10.20.30.1')).toMatchObject({ network: '10.20.0.0/16', origins: { doors: 'options', closed_share: 'options' } });
    expect(of('10.20.30.1:80').network).toBe('10.20.0.0/16');
    expect(of('[fd00::1]:80').network).toBe('fd00::/8');
    for (const nobody of [null, 'host.example.com', '00:11:22:33:44:55', '8.8.8.8']) expect(of(nobody).network).toBeNull();
  });

  it.each<[string, Networks, string]>([
    [
      'a bad prefix',
      { '10.0.0.0/33': {} },
      'detect.networks.10.0.0.0/33 is neither a network in CIDR notation nor an address; write networks like 10.20.0.0/16 or fd00::/8, in quotes',
    ],
    [
      'a name',
      { servers: {} },
      'detect.networks.servers is neither a network in CIDR notation nor an address; write networks like 10.20.0.0/16 or fd00::/8, in quotes',
    ],
    [
      'one network twice',
      { '10.1.0.0/16': {}, '10.1.2.3/16': {} },
      'detect.networks.10.1.2.3/16 is the same network as 10.1.0.0/16; put both tables under one of them',
    ],
    ['an unknown rule', { '10.0.0.0/8': { knok: {} } }, 'detect.networks.10.0.0.0/8.knok names no rule; did you mean knock?'],
    [
      'an unknown setting',
      { '10.0.0.0/8': { knock: { dors: 1 } } },
      'detect.networks.10.0.0.0/8.knock.dors is no setting of the rule; did you mean doors?',
    ],
    [
      'too small a number',
      { '10.0.0.0/8': { knock: { doors: 0 } } },
      'detect.networks.10.0.0.0/8.knock.doors is 0, but must be a number between 1 and 65535 (doors)',
    ],
  ])('refuse %s', (_, networks, message) => {
    expect(messages(networks)).toEqual([message]);
  });

  it('are bounded in number', () => {
    const many = (count: number): Networks =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`10.${i}.0.0/16`, { knock: { doors: 3 } }]));
    expect(messages(many(MOST_NETWORKS))).toEqual([]);
    expect(messages(many(MOST_NETWORKS + 1))).toEqual([
      `detect.networks.10.${MOST_NETWORKS}.0.0/16 is one too many: at most ${MOST_NETWORKS} networks have settings of their own; put neighbours together into a wider network`,
    ]);
  });

  it('are refused for rules about no address', () => {
    const networks = { '10.0.0.0/8': { capture_loss: { dropped_packets: 3 } } };
    expect(checkRules(RULES, { rules: {}, networks, places: {} }).problems.map(({ message }) => message)).toEqual([
      'detect.networks.10.0.0.0/8.capture_loss is about no address: it has the same settings everywhere',
    ]);
  });
});

describe('the address that decides', () => {
  const kindsBy = (decider: 'target' | null) =>
    RULES.filter(({ decides }) => decides === decider)
      .map(({ kind }) => kind)
      .sort();

  it('is the source of most rules, and what the manual says of the others', () => {
    expect(kindsBy('target')).toEqual(['arp_spoof', 'brute_force', 'new_service', 'syn_flood']);
    expect(kindsBy(null)).toEqual(['capture_loss', 'clock_step', 'dhcp_flood']);
    const said = markdownTables().replaceAll(/\s+/g, ' ');
    for (const kind of [...kindsBy('target'), ...kindsBy(null)]) expect(said).toContain(`\`${kind}\``);
  });
});

describe('runs of a rule', () => {
  it('are one where nothing is said of networks, none where it is off', () => {
    expect(variantsOf(resolve({}))).toMatchObject([{ region: null, settings: { doors: 25 } }]);
    expect(variantsOf(resolve({}, { knock: { enabled: false } }))).toEqual([]);
    expect(variantsOf(resolve({ '10.0.0.0/8': { knock: { doors: 25 } } }))).toMatchObject([{ region: null }]);
  });

  it('are one for each set of settings, and none where it is off', () => {
    const networks = {
      '10.1.0.0/16': { knock: { doors: 3 } },
      '10.2.0.0/16': { knock: { doors: 3 } },
      '10.3.0.0/16': { knock: { enabled: false } },
      '10.4.0.0/16': { knock: { doors: 25 } },
    };
    const runs = variantsOf(resolve(networks)).map(({ region, settings }) => [settings.doors, region?.own]);
    expect(runs).toEqual([
      [25, [-1, 3]],
      [3, [0, 1]],
    ]);
    expect(variantsOf(resolve(networks, { knock: { enabled: false } })).map(({ region }) => region?.own)).toEqual([]);
    const only = { '10.1.0.0/16': { knock: { enabled: true } } };
    expect(variantsOf(resolve(only, { knock: { enabled: false } })).map(({ region }) => region?.own)).toEqual([[0]]);
  });
});

const ruleOf = (kind: string): Rule => {
  const rule = RULES.find((candidate) => candidate.kind === kind);
  if (rule === undefined) throw new RangeError(kind);
  return rule;
};
const within = (rule: Rule, networks: readonly string[], own: readonly number[]) => new RuleRig(regionalRule(rule, { networks, own }));

describe('a rule for some networks', () => {
  it('finds at the threshold what a source there does, and nothing of others', () => {
    const scan = (source: string, ports: number) =>
      Array.from({ length: ports }, (_, i) => [
        open({ t: i / 10, source, target: '192.168.0.1', port: i + 1 }),
        answer({ t: i / 10, source, target: '192.168.0.1', port: i + 1, outcome: 'refused' }),
      ]).flat();
    for (const [source, region, found] of [
      ['10.20.0.1', [0], true],
      ['10.21.0.1', [0], false],
      ['10.21.0.1', [-1], true],
      ['10.20.0.1', [-1], false],
      ['fd00::1', [1], true],
      ['fd00::1', [0, -1], false],
    ] as const) {
      const rig = within(ruleOf('vertical_scan'), ['10.20.0.0/16', 'fd00::/8'], region);
      expect(rig.feed(...scan(source, 24), tick({ t: 3 })).findings, source).toHaveLength(0);
      rig.feed(...scan(source, 26).slice(48), tick({ t: 4 }));
      expect(rig.findings.length > 0, `${source} ${region.join()}`).toBe(found);
    }
  });

  it('goes by the target of a flood, whoever it is from', () => {
    const flood = [surge({ t: 1, target: '10.20.0.1', opens: 500, sources: 300 }), tick({ t: 1 }), tick({ t: 5, final: true })];
    expect(within(ruleOf('syn_flood'), ['10.20.0.0/16'], [0]).feed(...flood).findings).toHaveLength(1);
    expect(within(ruleOf('syn_flood'), ['10.20.0.0/16'], [-1]).feed(...flood).findings).toHaveLength(0);
  });

  it('sees everything where others matter, and tells only its own', () => {
    const mac = (i: number) => `02:00:00:00:00:0${i}`;
    // Others ask for the gateway: that makes it one.
    const asked = [2, 3, 4].map((i) => arp({ t: i, mac: mac(i), sender: `10.20.0.${i}`, target: '10.21.0.1' }));
    const claims = [arp({ t: 1, mac: mac(1), sender: '10.21.0.1' }), ...asked, arp({ t: 9, mac: mac(9), sender: '10.21.0.1' })];
    const own = within(ruleOf('arp_spoof'), ['10.21.0.0/16'], [0]).feed(...claims).findings;
    expect(own).toMatchObject([{ target: '10.21.0.1', observed: { gateway: 'yes' } }]);
    expect(within(ruleOf('arp_spoof'), ['10.21.0.0/16'], [-1]).feed(...claims).findings).toEqual([]);
  });
});
