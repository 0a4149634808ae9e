import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configured,
  goodRule,
  type Opened,
  openRules,
  question,
  RuleDirectory,
  raising,
  ruleFile,
  ruleText,
  surge,
  tick,
} from './rule-sources.ts';

let directory: RuleDirectory;
let opened: Opened | null = null;

beforeEach(() => {
  directory = new RuleDirectory();
});

afterEach(async () => {
  await opened?.rules.close();
  opened = null;
  directory.remove();
});

async function open(...args: Parameters<typeof openRules>): Promise<Opened> {
  opened = await openRules(...args);
  return opened;
}

const descriptions = async ({ rules }: Opened, events: Parameters<typeof rules.feed>[0]) =>
  (await rules.feed(events)).map(({ finding }) => finding.description);

describe('rule files', () => {
  it('are TypeScript, listed with their settings, and find at the threshold', async () => {
    const { rules, problems } = await open(goodRule);
    expect(problems).toEqual([]);
    expect(rules.rules).toMatchObject([
      {
        rule: { kind: 'many_questions', file: goodRule },
        enabled: true,
        severity: 'low',
        cooldownSecs: 60,
        settings: { names: 3, windowSecs: 10 },
        networks: [],
      },
    ]);
    expect(await rules.feed([question(1e9, 'a'), question(2e9, 'b')])).toEqual([]);
    // The first name is exactly as old as the window: it no longer counts.
    expect(await rules.feed([question(11e9, 'c')])).toEqual([]);
    const found = await rules.feed([question(12e9 - 1, 'd'), question(12e9 - 1, 'e', '\x08\x08\x04\x04')]);
    expect(found).toMatchObject([
      { rule: { rule: { kind: 'many_questions' } }, finding: { source: '10.0.0.5', observed: { names: 3 }, firstAt: 2e9 } },
    ]);
    expect(rules.counters).toEqual({ disabled: 0, findings: 1 });
  });

  it('are .ts, .mts, .js and .mjs of a directory, by name, and import from weir-sensor', async () => {
    const kit = `import { defineRule, SlidingSet, HyperLogLog, OPENS_TOLD } from 'weir-sensor';\n`;
    const body = raising('tick', '[new SlidingSet(1, 1).add("k", 1), typeof HyperLogLog, OPENS_TOLD].join(" ")');
    const path = directory.write({
      'd.mjs': `${kit}export default defineRule(${ruleText('r_d', body)});`,
      'c.js': `module.exports = [${ruleText('r_c', raising('tick', '"c"'))}, ${ruleText('r_c2', raising('tick', '"c2"'))}];`,
      'b.mts': `const word: string = 'b';\n${ruleFile('r_b', raising('tick', 'word'))}`,
      'a.ts': ruleFile('r_a', raising('tick', '"a"')),
      'types.d.ts': 'export {};',
      'notes.txt': 'no rule',
      '.hidden.ts': 'no rule',
    });
    const all = await open(path);
    expect(all.lines()).toEqual([]);
    expect(all.rules.rules.map(({ rule }) => rule.kind)).toEqual(['r_a', 'r_b', 'r_c', 'r_c2', 'r_d']);
    expect(await descriptions(all, [tick(1)])).toEqual(['a', 'b', 'c', 'c2', '1 function 1024']);
  });

  it('take settings and switches of the configuration', async () => {
    const many_questions = { names: 1, window_secs: 20, severity: 'high', cooldown_secs: 5 };
    const all = await open(goodRule, { configure: configured({ rules: { many_questions } }) });
    expect(all.rules.rules[0].settings).toEqual({ names: 1, windowSecs: 20 });
    const found = await all.rules.feed([question(1, 'a')]);
    expect(found).toMatchObject([
      { rule: { severity: 'high', cooldownSecs: 5, origins: { severity: 'options' } }, finding: { windowSecs: 20 } },
    ]);
    await all.rules.close();

    const off = await open(goodRule, { configure: configured({ rules: { many_questions: { ...many_questions, enabled: false } } }) });
    expect(off.rules.rules).toMatchObject([{ rule: { kind: 'many_questions' }, enabled: false }]);
    expect(await off.rules.feed([question(1, 'a')])).toEqual([]);
    expect(off.rules.counters.disabled).toBe(0);
  });

  it('take settings per network, and are switched off in one', async () => {
    const networks = {
      '10.0.0.0/8': { many_questions: { names: 2 } },
      '10.0.0.6': { many_questions: { enabled: false } },
      'fd00::/8': { many_questions: { names: 1 } },
    };
    const everywhere = ['0.0.0.0/0', '::/0'];
    const all = await open(goodRule, { internalNetworks: everywhere, configure: configured({ networks }) });
    const clients = ['\x0a\0\0\x05', '\x0a\0\0\x06', '\x08\x08\x08\x08', `\xfd${'\0'.repeat(15)}`];
    const ask = (at: number, query: string) => clients.map((client) => question(at, query, client));
    const limits = async (at: number, query: string) =>
      (await all.rules.feed(ask(at, query))).map(({ finding, rule }) => [finding.source, finding.threshold.names, rule.settings.names]);
    expect(await limits(1, 'a')).toEqual([['fd00::', 1, 1]]);
    expect(await limits(2, 'b')).toEqual([
      ['10.0.0.5', 2, 2],
      ['fd00::', 1, 1],
    ]);
    expect(await limits(3, 'c')).toEqual([
      ['10.0.0.5', 2, 2],
      ['8.8.8.8', 3, 3],
      ['fd00::', 1, 1],
    ]);
  });

  it('take them by the target where they say so', async () => {
    const raise = `return { dns(event) { raise({ at: event.at, firstAt: event.at, source: text(event.client), target: text(event.server),
      observed: {}, threshold: { least: settings.least }, windowSecs: 1, description: 'd', flows: [] }); } };`;
    const least = `settings: { least: { value: 1, least: 0, most: 9, unit: 's', description: 'd' } },`;
    const path = directory.write({
      'a.mjs': ruleFile('by_source', raise, least),
      'b.mjs': ruleFile('by_target', raise, `${least} decides: 'target',`),
      'c.mjs': ruleFile('by_nobody', raise, `${least} decides: null,`),
    });
    const tables = { by_source: { least: 5 }, by_target: { least: 6 } };
    const all = await open(path, { configure: configured({ networks: { '8.8.8.0/24': tables } }) });
    const found = await all.rules.feed([question(1, 'a')]);
    expect(found.map(({ rule, finding }) => [rule.rule.kind, finding.threshold.least])).toEqual([
      ['by_source', 1],
      ['by_target', 6],
      ['by_nobody', 1],
    ]);
    const refused = open(path, { configure: configured({ networks: { '8.8.8.0/24': { by_nobody: { least: 2 } } } }) });
    await expect(refused).rejects.toThrow('detect.networks.8.8.8.0/24.by_nobody is about no address');
  });

  it('are refused with settings that they do not have, and their threads end', async () => {
    const opening = open(goodRule, { configure: configured({ rules: { many_questions: { names: 0 } } }) });
    await expect(opening).rejects.toThrow('detect.rules.many_questions.names is 0, but must be a number between 1 and 100');
    const unknown = open(goodRule, { configure: configured({ rules: { many_questions: { nams: 3 } } }) });
    await expect(unknown).rejects.toMatchObject({ code: 'CONFIG', hint: 'did you mean names?' });
  });

  it('are told of in one line with its number when they have a syntax error', async () => {
    const path = directory.write({
      'a.ts': `const x: number = 1;\n\nconst y: = 2;\nexport default x;\n`,
      'b.mjs': `export const a = 1;\n\n\nexport default { kind: foo bar };\n`,
      'c.ts': ruleFile('good', raising('tick', '"good"')),
      'd.ts': `export default {};\nenum Colour { RED }\n`,
      'e.mjs': `\nimport { nothing } from './f.mjs';\nexport default nothing;\n`,
      'f.mjs': `\nconst a = undefinedName;\nexport default a;\n`,
    });
    const all = await open(path);
    const lines = all.lines();
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^a\.ts:3: \S/);
    expect(lines[1]).toBe("b.mjs:4: Unexpected identifier 'bar'");
    expect(lines[2]).toMatch(/^d\.ts:2: .*enum/);
    expect(lines[3]).toMatch(/^e\.mjs:2: .*nothing/);
    expect(lines[4]).toBe('f.mjs:2: undefinedName is not defined');
    expect(all.problems[0]).toMatchObject({ file: join(path, 'a.ts'), kind: null });
    expect(all.rules.counters.disabled).toBe(5);
    expect(await descriptions(all, [tick(1)])).toEqual(['good']);
  });

  it('are told of when they or their directories are not there', async () => {
    const good = directory.write({ 'good.mjs': ruleFile('good', raising('tick', '"good"')), 'notes.txt': '' });
    const empty = new RuleDirectory();
    const all = await open([join(good, 'missing'), empty.path, join(good, 'notes.txt'), good, join(good, 'good.mjs')]);
    empty.remove();
    expect(all.problems.map(({ message }) => message)).toEqual([
      `${good}/missing: there is no such file or directory`,
      `${empty.path}: no rule files in it (.ts, .mts, .js, .mjs)`,
      `${good}/notes.txt: is no rule file (.ts, .mts, .js, .mjs)`,
    ]);
    // Named twice, loaded once.
    expect(await descriptions(all, [tick(1)])).toEqual(['good']);
    expect(all.rules.counters.disabled).toBe(0);
  });
});

describe('the shape of a rule', () => {
  const setting = (value: string) => `settings: { ports: ${value} },`;
  const ONE = `{ value: 1, least: 0, most: 2, unit: 's', description: 'd' }`;
  const wrong: [string, string, string][] = [
    ['no default export', 'export const rule = 1;', 'no default export: it has to be a rule or a list of rules'],
    ['a number', 'export default 7;', 'the default export is not a rule or a list of rules'],
    ['an empty list', 'export default [];', 'exports 0 rules, allowed are 1 to 64'],
    ['a kind in capitals', ruleFile('portScan', ''), 'kind has to be lower_snake_case of at most 64 characters: the rule is not used'],
    ['a built-in kind', ruleFile('port_scan', ''), 'rule port_scan has the name of a built-in rule and is not used'],
    ['a severity', ruleFile('a', '', "severity: 'bad',"), 'rule a is not used: severity is none of info, low, medium, high, critical'],
    ['a confidence', ruleFile('a', '', 'confidence: 2,'), 'rule a is not used: confidence is not a number from 0 to 1'],
    ['a cooldown', ruleFile('a', '', 'cooldownSecs: NaN,'), 'rule a is not used: cooldownSecs is not a number from 0 on'],
    ['whose address decides', ruleFile('a', '', "decides: 'server',"), "rule a is not used: decides is none of 'source', 'target', null"],
    ['a technique', ruleFile('a', '', 'mitre: [{}],'), 'rule a is not used: mitre is not a list of at most 20 {technique, name, tactic}'],
    [
      'two settings of one name in a configuration',
      ruleFile('a', '', `settings: { windowSecs: ${ONE}, window_secs: ${ONE} },`),
      'rule a is not used: setting window_secs is window_secs in a configuration, which is taken',
    ],
    [
      'a setting that every rule has',
      ruleFile('a', '', `settings: { cooldownSecs: ${ONE} },`),
      'rule a is not used: setting cooldownSecs is cooldown_secs in a configuration, which is taken',
    ],
    [
      'a setting without a number',
      ruleFile('a', '', setting(`{ value: '1', least: 0, most: 1 }`)),
      'rule a is not used: setting ports: value, least and most have to be finite numbers',
    ],
    [
      'a setting out of its range',
      ruleFile('a', '', setting(`{ value: 2, least: 0, most: 1, unit: '', description: 'd' }`)),
      'rule a is not used: setting ports is 2, allowed 0 to 1',
    ],
    ['no create', `export default { ...${ruleText('a', '')}, create: 1 };`, 'rule a is not used: create is not a function'],
    ['no handler', ruleFile('a', 'return {};'), 'rule a could not be created: it handles no event'],
    ['a handler that is none', ruleFile('a', 'return { dns: 1 };'), 'rule a could not be created: dns is not a function'],
    ['a getter that throws', `export default { get kind() { throw new Error('mine'); } };`, 'mine'],
  ];

  it.each(wrong)('is refused with %s', async (_, source, message) => {
    const all = await open(directory.write({ 'wrong.mjs': source }));
    expect(all.lines().map((line) => line.replace(/:\d+:/, ':'))).toEqual([`wrong.mjs: ${message}`]);
    expect(all.rules.rules).toEqual([]);
    expect(all.rules.counters.disabled).toBe(1);
    expect(await all.rules.feed([tick(1)])).toEqual([]);
  });

  it('spoils no other rule of its file, and of two with one name the first counts', async () => {
    const path = directory.write({
      'a.mjs': `export default [${ruleText('same', raising('tick', '"first"'))}, 5, ${ruleText('same', raising('tick', '"second"'))}];`,
      'b.mjs': `export default [${ruleText('same', raising('tick', '"third"'))}, ${ruleText('other', raising('tick', '"other"'))}];`,
    });
    const all = await open(path);
    expect(all.lines()).toEqual([
      'a.mjs: the default export is not a rule or a list of rules',
      'a.mjs: rule same is there twice; the second is not used',
      `b.mjs: rule same is already defined in ${path}/a.mjs; this one is not used`,
    ]);
    expect(all.rules.counters.disabled).toBe(3);
    expect(all.rules.rules.map(({ rule }) => rule.kind)).toEqual(['same', 'other']);
    expect(await descriptions(all, [tick(1)])).toEqual(['first', 'other']);
  });
});

describe('findings', () => {
  it('come in the order of events, then of files and rules, whichever thread is faster', async () => {
    const slowly = '(() => { const end = performance.now() + 100; while (performance.now() < end); return "a" + event.at; })()';
    const b = [ruleText('b_1', raising('tick', '"b" + event.at')), ruleText('b_2', raising('dns', 'event.query'))];
    const path = directory.write({ 'a.mjs': ruleFile('slow', raising('tick', slowly)), 'b.mjs': `export default [${b.join(', ')}];` });
    const all = await open(path);
    const first = descriptions(all, [question(1, 'q'), tick(2), tick(3)]);
    const second = descriptions(all, [tick(4)]);
    expect(await first).toEqual(['q', 'a2', 'b2', 'a3', 'b3']);
    expect(await second).toEqual(['a4', 'b4']);
  });

  it('see the sources of a surge', async () => {
    const all = await open(directory.write({ 'a.mjs': ruleFile('a', raising('surge', 'event.sources.count() + " of " + event.opens')) }));
    expect(await descriptions(all, [surge(1, ['a', 'b', 'a'])])).toEqual(['2 of 3']);
  });

  it('are cut to length', async () => {
    const body = `return { tick(event) { const flow = { protocol: 6, source: 'abcd', sourcePort: 1, target: 'abcd', targetPort: 2, more: 1 };
      raise({ at: 1, firstAt: 1, source: 'x'.repeat(2000), target: null, observed: { n: 1, t: 'y'.repeat(2000) }, threshold: {}, windowSecs: 1,
        description: 'd', flows: Array(30).fill(flow), extra: 1 }); } };`;
    const all = await open(directory.write({ 'a.mjs': ruleFile('a', body) }));
    const [{ finding }] = await all.rules.feed([tick(1)]);
    expect(finding.source).toHaveLength(1024);
    expect(finding.observed).toEqual({ n: 1, t: 'y'.repeat(1024) });
    expect(finding.flows).toHaveLength(20);
    expect(finding.flows[0]).toEqual({ protocol: 6, source: 'abcd', sourcePort: 1, target: 'abcd', targetPort: 2 });
    expect(Object.keys(finding)).not.toContain('extra');
  });
});
