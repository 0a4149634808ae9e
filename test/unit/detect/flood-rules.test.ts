/** SYN floods: from many sources, from one, with and without surges; and servers that are merely busy. */
import { describe, expect, it } from 'vitest';
import { OPENS_TOLD } from '../../../src/detect/events.ts';
import { synFlood } from '../../../src/detect/rules/syn-flood.ts';
import { answer, open, RuleRig, SECOND, surge, tick } from './rule-rig.ts';

const server = '10.0.0.80';
const client = (i: number) => `198.51.${(i >> 8) & 255}.${i & 255}`;
const syn = (i: number, at: number, sources = 50, more: object = {}) =>
  open({ source: client(i % sources), sourcePort: 1024 + i, target: server, port: 80, at, ...more });
const synAck = (i: number, at: number, sources = 50, more: object = {}) =>
  answer({ source: client(i % sources), sourcePort: 1024 + i, target: server, port: 80, at, ...more });
const end = (t: number) => tick({ t, final: true });

/** `count` SYNs, evenly over `seconds`, all unanswered. */
function flood(count: number, { seconds = 4, sources = 50, more = {}, rig = new RuleRig(synFlood) } = {}): RuleRig {
  for (let i = 0; i < count; i++) rig.feed(syn(i, Math.round((i * seconds * SECOND) / count), sources, more));
  return rig.feed(end(seconds + 2));
}

describe('syn_flood from many sources', () => {
  it('needs 200 unanswered SYNs', () => {
    expect(flood(199).findings).toEqual([]);
    const { findings } = flood(200);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: null, target: '10.0.0.80:80', observed: { unanswered: 200, sources: 50 }, firstAt: 0 });
    expect(findings[0].at).toBe(3.98 * SECOND);
    expect(findings[0].flows).toHaveLength(20);
    expect(findings[0].description).toContain('200 unanswered SYNs from 50 sources');
  });

  it('needs 50 sources', () => {
    expect(flood(300, { sources: 49 }).findings).toEqual([]);
    expect(flood(300, { sources: 50 }).findings).not.toEqual([]);
  });

  it('leaves out a SYN that is exactly as old as the window', () => {
    const last = (at: number) => {
      const rig = new RuleRig(synFlood);
      for (let i = 0; i < 199; i++) rig.feed(syn(i, 0));
      return rig.feed(syn(199, at), end(9)).findings.length;
    };
    expect(last(5 * SECOND - 1)).toBe(1);
    expect(last(5 * SECOND)).toBe(0);
  });

  it('waits for answers, to the nanosecond', () => {
    const withOneAnswerAfter = (wait: number) => {
      const rig = new RuleRig(synFlood);
      for (let i = 0; i < 200; i++) rig.feed(syn(i, i));
      return rig.feed(synAck(0, wait), end(9)).findings.length;
    };
    expect(withOneAnswerAfter(SECOND)).toBe(0);
    expect(withOneAnswerAfter(SECOND + 1)).toBe(1);
  });

  it('counts resets as no answer, unless told otherwise', () => {
    const refused = (settings: Record<string, number>) => {
      const rig = new RuleRig(synFlood, settings);
      for (let i = 0; i < 200; i++) rig.feed(syn(i, 2 * i), synAck(i, 2 * i + 1, 50, { outcome: 'refused' }));
      return rig.feed(end(5)).findings.length;
    };
    expect(refused({})).toBe(1);
    expect(refused({ count_refused: 0 })).toBe(0);
  });

  it('counts thousands of sources within five percent, though it knows a thousand of them one by one', () => {
    const rig = new RuleRig(synFlood);
    const numbers = Array.from({ length: 4500 }, (_, i) => i);
    for (const i of numbers) rig.feed(syn(i, Math.round((i * SECOND) / 900), 4500));
    const last = rig.feed(end(9)).findings.at(-1);
    expect(last?.observed.unanswered).toBeGreaterThan(4400);
    expect(Number(last?.observed.sources) / 4500).toBeGreaterThan(0.95);
    expect(Number(last?.observed.sources) / 4500).toBeLessThan(1.05);
    const few = new RuleRig(synFlood);
    for (const i of numbers) few.feed(syn(i, Math.round((i * SECOND) / 900), 1000));
    expect(few.feed(end(9)).findings.at(-1)?.observed.sources).toBe(1000);
  });

  it('counts SYNs that the flow table refused', () => {
    expect(flood(200, { more: { tracked: false } }).findings).toHaveLength(1);
  });

  it('keeps services apart, and other protocols out', () => {
    const rig = new RuleRig(synFlood);
    for (let i = 0; i < 400; i++) rig.feed(syn(i, i, 100, { targetPort: 80 + (i & 1) }), syn(i, i, 50, { protocol: 17 }));
    expect(rig.feed(end(3)).alerts).toHaveLength(2);
    expect(new Set(rig.findings.map(({ target }) => target))).toEqual(new Set(['10.0.0.80:80', '10.0.0.80:81']));
  });

  it('remembers a service while 20,000 others are scanned', () => {
    const rig = new RuleRig(synFlood);
    for (let i = 0; i < 199; i++) rig.feed(syn(i, i));
    for (let i = 0; i < 20_000; i++)
      rig.feed(open({ source: '10.9.9.9', target: `10.1.${i >> 8}.${i & 255}`, port: 22, at: SECOND + i * 100_000 }));
    expect(rig.feed(syn(199, 4 * SECOND), end(9)).alerts).toHaveLength(1);
  });

  it('repeats at most ten times a second', () => {
    const { findings, alerts } = flood(4000);
    expect(alerts).toHaveLength(1);
    expect(findings.length).toBeGreaterThan(20);
    expect(findings.length).toBeLessThanOrEqual(41);
  });
});

describe('syn_flood from one source', () => {
  it('needs 200 unanswered SYNs', () => {
    expect(flood(199, { sources: 1 }).findings).toEqual([]);
    const { findings } = flood(200, { sources: 1 });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: '198.51.0.0', target: '10.0.0.80:80', observed: { unanswered: 200, sources: 1 } });
  });

  it('says nothing of single sources when there are many', () => {
    const rig = flood(60 * 500, { sources: 60 });
    expect(rig.alerts).toHaveLength(1);
    expect(rig.findings.every(({ source }) => source === null)).toBe(true);
  });
});

/** Ticks of one second in which `perSecond` SYNs come; `answers` says which of them are answered, after `rttNs`. */
function service(
  perSecond: number,
  { seconds = 8, sources = 500, rttNs = 100_000_000, answers = (i: number): boolean => i >= 0 } = {},
): RuleRig {
  const rig = new RuleRig(synFlood);
  const step = SECOND / perSecond;
  let late: { i: number; at: number }[] = [];
  let number = 0;
  for (let second = 0; second < seconds; second++) {
    const from = second * SECOND;
    const due = late;
    late = [];
    const events = [];
    for (let i = 0; i < perSecond; i++, number++) {
      const at = Math.round(from + i * step) + 1;
      if (i < OPENS_TOLD) events.push(syn(number, at, sources));
      if (!answers(number)) continue;
      const reply = { i: number, at: at + rttNs };
      (reply.at <= from + SECOND ? due : late).push(reply);
    }
    events.push(...due.map(({ i, at }) => synAck(i, at, sources)));
    events.sort((a, b) => a.at - b.at);
    rig.feed(...events);
    if (perSecond > OPENS_TOLD) rig.feed(surge({ t: second + 1, target: server, opens: perSecond - OPENS_TOLD, sources }));
    rig.feed(tick({ t: second + 1 }));
  }
  return rig.feed(...late.map(({ i, at }) => synAck(i, at, sources)), tick({ t: seconds + 1 }), end(seconds + 2));
}

describe('syn_flood and surges', () => {
  it('is silent about a server that answers 1,000 SYNs a second, and 5,000', () => {
    expect(service(1000).findings).toEqual([]);
    expect(service(5000).findings).toEqual([]);
    expect(service(5000, { rttNs: 900_000_000 }).findings).toEqual([]);
  });

  it('reports a flood of 20,000 a second with its rate', () => {
    const rig = service(20_000, { answers: () => false });
    expect(rig.alerts).toHaveLength(1);
    const rates = rig.findings.filter(({ at }) => at % SECOND === 0).map(({ observed }) => Number(observed.per_sec));
    expect(rates).toHaveLength(8);
    for (const rate of rates) expect(Math.abs(rate - 20_000)).toBeLessThan(200);
    const sources = Number(rig.findings.at(-1)?.observed.sources);
    expect(sources).toBeGreaterThanOrEqual(500);
    expect(sources).toBeLessThan(1100);
  });

  it('counts only what is not answered of a surge', () => {
    const rig = service(4000, { answers: (i) => i % 4 !== 0 });
    const last = rig.findings.filter(({ at }) => at % SECOND === 0).at(-1);
    expect(Math.abs(Number(last?.observed.per_sec) - 1000)).toBeLessThan(60);
  });

  it('gives the surge of one source to that source', () => {
    const rig = new RuleRig(synFlood);
    rig.feed(syn(0, 1, 1), surge({ t: 1, target: server, opens: 100_000, sources: [client(0)] }), tick({ t: 1 }), tick({ t: 3 }));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: client(0), observed: { unanswered: 100_001, sources: 1 } });
  });
});
