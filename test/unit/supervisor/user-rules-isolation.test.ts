import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DetectEvent } from '../../../src/detect/events.ts';
import { type Opened, openRules, question, RuleDirectory, raising, ruleFile, ruleText, tick } from './rule-sources.ts';

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

const good = ruleFile('good', raising('tick', '"good"'));

/** Opens `bad.mjs` beside a file that is good. */
async function openBeside(bad: string, more: Parameters<typeof openRules>[1] = {}): Promise<Opened> {
  opened = await openRules(directory.write({ 'bad.mjs': bad, 'good.mjs': good }), more);
  return opened;
}

const feed = async ({ rules }: Opened, ...events: DetectEvent[]) => (await rules.feed(events)).map(({ finding }) => finding.description);

const finding = `{ at: event.at, firstAt: event.at, source: null, target: null, observed: {}, threshold: {}, windowSecs: 1, description: 'd', flows: [] }`;

describe('a rule that throws', () => {
  it('in create is not used', async () => {
    const all = await openBeside(
      `export default [${ruleText('throws', `\nthrow new Error('no\\nlist')`)}, ${ruleText('stays', raising('tick', '"stays"'))}];`,
    );
    expect(all.lines()).toEqual(['bad.mjs:3: rule throws could not be created: no']);
    expect(all.problems[0].kind).toBe('throws');
    expect(all.rules.rules.map(({ rule }) => rule.kind)).toEqual(['stays', 'good']);
    expect(await feed(all, tick(1))).toEqual(['stays', 'good']);
    expect(all.rules.counters).toEqual({ disabled: 1, findings: 2 });
  });

  it('on the third event is disabled from there on; what it found before counts', async () => {
    const body = `let seen = 0;
      return { dns(event) {
        if (++seen === 3) throw new Error('third');
        raise({ ...${finding}, description: event.query });
      } };`;
    const all = await openBeside(`export default [${ruleText('throws', body)}, ${ruleText('stays', raising('tick', '"stays"'))}];`);
    expect(await feed(all, question(1, 'a'), question(2, 'b'))).toEqual(['a', 'b']);
    expect(all.lines()).toEqual([]);
    expect(await feed(all, question(3, 'c'), question(4, 'd'), tick(5))).toEqual(['stays', 'good']);
    expect(all.lines()).toEqual(['bad.mjs:4: rule throws threw "third" and was disabled']);
    expect(await feed(all, question(6, 'e'), tick(7))).toEqual(['stays', 'good']);
    expect(all.problems).toHaveLength(1);
    expect(all.rules.counters.disabled).toBe(1);
  });

  const wrong: [string, string, string][] = [
    ['nothing like an error', 'throw null;', 'threw "null"'],
    [
      'an error that cannot be read',
      `throw { get message() { throw 1; }, get stack() { throw 1; }, toString() { throw 1; } };`,
      'without a text',
    ],
    ['by endless recursion', 'const f = () => f() + 1; f();', 'Maximum call stack size exceeded'],
    ['because an event cannot be changed', 'event.at = 0;', 'read only'],
    ['because it is asynchronous', 'return Promise.reject(new Error("later"));', 'tick is asynchronous'],
    ['because a finding has no time', `raise({ ...${finding}, at: NaN });`, 'finding.at is not a finite number'],
    ['because a finding has no text', `raise({ ...${finding}, description: () => 1 });`, 'finding.description is not a text'],
    ['because a finding observed a list', `raise({ ...${finding}, observed: { a: [1] } });`, 'finding.observed.a is not a finite number'],
    ['because a finding has no flows', `raise({ ...${finding}, flows: [{ protocol: 6 }] });`, 'finding.flows.source is not an address'],
    ['because a finding is too sure', `raise({ ...${finding}, confidence: 1.5 });`, 'finding.confidence is 1.5, allowed 0 to 1'],
    ['because it finds without end', `for (;;) raise(${finding});`, 'more than 65536 findings in one tick'],
  ];

  it.each(wrong)('%s is disabled in one line', async (_, body, message) => {
    const all = await openBeside(ruleFile('throws', `return { tick(event) {\n${body}\n} };`), { batchMs: 20_000 });
    const found = (await feed(all, tick(1))).filter((description) => description === 'good');
    expect(found).toEqual(['good']);
    expect(all.problems).toHaveLength(1);
    expect(all.lines()[0]).toContain(message);
    expect(all.lines()[0]).toMatch(/^bad\.mjs(:3)?: rule throws .* and was disabled$/);
    expect(await feed(all, tick(2))).toEqual(['good']);
    expect(all.rules.counters.disabled).toBe(1);
  });

  it('between events takes its file along', async () => {
    const all = await openBeside(ruleFile('throws', `return { tick() { setTimeout(() => {\nthrow new Error('later'); }, 1); } };`));
    expect(await feed(all, tick(1))).toEqual(['good']);
    await expect.poll(() => all.lines()).toEqual(['bad.mjs:3: threw "later" and was disabled (with its rules: throws)']);
    expect(await feed(all, tick(2))).toEqual(['good']);
    expect(all.rules.counters.disabled).toBe(1);
  });
});

describe('a rule file that does not return', () => {
  it('is ended after the time for a batch; the others go on', async () => {
    const loop = ruleText('loops', `return { dns(event) { if (event.query === 'loop') for (;;); } };`);
    const all = await openBeside(`export default [${loop}, ${ruleText('beside', raising('tick', '"beside"'))}];`, { batchMs: 300 });
    expect(await feed(all, question(1, 'a'), tick(2))).toEqual(['beside', 'good']);
    const before = performance.now();
    expect(await feed(all, question(3, 'loop'), tick(4))).toEqual(['good']);
    expect(performance.now() - before).toBeGreaterThan(250);
    expect(all.lines()).toEqual(['bad.mjs: rule loops ran longer than 300 ms in one tick and was disabled (with it: beside)']);
    expect(all.problems[0].kind).toBe('loops');
    expect(all.rules.counters.disabled).toBe(2);
    expect(await feed(all, question(5, 'b'), tick(6))).toEqual(['good']);
  });

  it('says so with the default of 2 s', async () => {
    const all = await openBeside(ruleFile('loops', 'return { tick() { for (;;); } };'));
    expect(await feed(all, tick(1))).toEqual(['good']);
    expect(all.lines()).toEqual(['bad.mjs: rule loops ran longer than 2 s in one tick and was disabled']);
  });

  it('when it is imported is not used', async () => {
    const all = await openBeside('for (;;);', { loadMs: 1000 });
    expect(all.lines()).toEqual(['bad.mjs: took longer than 1 s to load and is not used']);
    expect(await feed(all, tick(1))).toEqual(['good']);
    expect(all.rules.counters.disabled).toBe(1);
  });

  it('is not blamed when the process was held up', async () => {
    const all = await openBeside(good.replace('good', 'prompt'), { batchMs: 300 });
    const found = feed(all, tick(1));
    // Twice the deadline passes while this thread cannot take the answer.
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600), 0);
    expect(await found).toEqual(['good', 'good']);
    expect(all.lines()).toEqual([]);
  });

  it('does not keep close from ending', async () => {
    const all = await openBeside(ruleFile('loops', 'return { tick() { for (;;); } };'), { batchMs: 60_000 });
    const found = feed(all, tick(1));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await all.rules.close();
    expect(await found).toEqual(['good']);
    expect(await feed(all, tick(2))).toEqual([]);
    expect(all.problems).toEqual([]);
  });
});

describe('a rule file that takes too much memory', () => {
  const greedy: [string, string][] = [
    ['objects', 'for (;;) kept.push({ a: kept.length });'],
    ['one map', 'const map = new Map(); kept.push(map); for (let i = 0; ; i++) map.set(i, i);'],
    ['buffers', 'for (;;) kept.push(new Uint8Array(2 ** 24).fill(1));'],
  ];

  it.each(greedy)('at once, in %s, is ended, and the process is not', async (_, body) => {
    const all = await openBeside(ruleFile('greedy', `const kept = [];\nreturn { tick() { ${body} } };`), { batchMs: 10_000 });
    expect(await feed(all, tick(1))).toEqual(['good']);
    const [line] = all.lines();
    // A map has its own limit of entries: whichever is reached first.
    expect(line).toMatch(/^bad\.mjs(:3)?: rule greedy (used more than 512 MB|threw "Map maximum size exceeded") and was disabled$/);
    expect(all.problems).toHaveLength(1);
    expect(await feed(all, tick(2))).toEqual(['good']);
  });

  it('little by little is ended, and garbage is none of it', async () => {
    const bytes = 'new Uint8Array(2 ** 26).fill(1)';
    const keeps = ruleText('keeps', `const kept = [];\nreturn { dns() { kept.push(${bytes}); }, tick() { ${bytes}; } };`);
    const all = await openBeside(`export default [${keeps}];`);
    // Twelve times 64 MB that nobody keeps, and three that are kept.
    for (let i = 0; i < 12; i++) expect(await feed(all, tick(i), ...(i < 3 ? [question(i, 'q')] : []))).toEqual(['good']);
    expect(all.lines()).toEqual([]);
    await feed(all, question(20, 'q'));
    await feed(all, question(21, 'q'));
    expect(all.lines()).toEqual(['bad.mjs: keeps more than 256 MB and was disabled (with its rules: keeps)']);
  });
});

describe('a rule file that meddles', () => {
  it('cannot end the process, nor send messages in our place', async () => {
    const source = `import { parentPort } from 'node:worker_threads';
      parentPort.postMessage(null);
      ${ruleFile('exits', 'return { tick() { process.exit(3); } };')}`;
    const all = await openBeside(source);
    expect(await feed(all, tick(1))).toEqual(['good']);
    expect(all.lines()).toEqual(['bad.mjs: ended its thread and was disabled (with its rules: exits)']);
  });

  it('cannot get a finding past the check on this side', async () => {
    const source = `Number.isFinite = () => true;\n${ruleFile('lies', `return { tick(event) { raise({ ...${finding}, windowSecs: NaN }); } };`)}`;
    const all = await openBeside(source);
    expect(await feed(all, tick(1))).toEqual(['good']);
    expect(all.lines()).toEqual([
      'bad.mjs: sent what is no finding and was disabled: finding.windowSecs is not a finite number (with its rules: lies)',
    ]);
  });
});
