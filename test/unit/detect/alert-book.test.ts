import { describe, expect, it } from 'vitest';
import type { AlertMatch, Suppression } from '../../../src/config/options.ts';
import { alertJson } from '../../../src/detect/alert.ts';
import { AlertBook } from '../../../src/detect/alert-book.ts';
import { AllowList } from '../../../src/detect/allow-list.ts';
import type { FlowTuple } from '../../../src/detect/events.ts';
import { finding, knock, resolved, ring, SECOND } from './alert-fixture.ts';

const BASE = 1_700_000_000;
const KINDS = [knock.kind, ring.kind];

interface Given {
  allow?: AlertMatch[];
  suppress?: Suppression[];
  limit?: number;
  base?: number;
  communityId?: (flow: FlowTuple) => string;
}

function bookOf({ allow = [], suppress = [], limit, base = BASE, communityId = (flow) => `1:${flow.sourcePort}` }: Given = {}): AlertBook {
  return new AlertBook({
    allow: AllowList.parse(allow, 'allow', KINDS, {}),
    suppress: AllowList.parse(suppress, 'suppress', KINDS, {}),
    baseSeconds: () => base,
    communityId,
    ...(limit === undefined ? {} : { limit }),
  });
}

const flow = (sourcePort: number): FlowTuple => ({ protocol: 6, source: 'aaaa', sourcePort, target: 'bbbb', targetPort: 80 });
const flows = (from: number, count: number): FlowTuple[] => Array.from({ length: count }, (_, index) => flow(from + index));

describe('the alert book', () => {
  it('makes an alert of a finding', () => {
    const book = bookOf();
    book.raise(resolved(), finding(10 * SECOND, { flows: [flow(1), flow(2), flow(1)] }));
    const [{ alert, isNew }, ...more] = book.takeChanges();
    expect([isNew, more]).toEqual([true, []]);
    expect(alert).toEqual({
      alert_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      ts: BASE + 10,
      kind: 'knock',
      severity: 'medium',
      confidence: 0.5,
      source: '10.0.0.1',
      target: '10.0.0.2',
      description: '10.0.0.1 knocked at 25 doors of 10.0.0.2 in 10 s',
      observed: { doors: 25 },
      threshold: { doors: 25 },
      window_secs: 10,
      first_seen: BASE + 5,
      last_seen: BASE + 10,
      count: 1,
      flows: ['1:1', '1:2'],
      mitre: knock.mitre,
      evidence: null,
      suppressed: false,
    });
    expect(book.takeChanges()).toEqual([]);
    expect(Object.keys(JSON.parse(alertJson(alert)))).toEqual(Object.keys(alert));
  });

  it('counts repeats within the cooldown on the alert, and not one at its end', () => {
    const book = bookOf();
    book.raise(resolved(), finding(10 * SECOND));
    const [first] = book.takeChanges();
    book.raise(resolved(), finding(11 * SECOND, { observed: { doors: 26 }, description: '26 doors' }));
    book.raise(resolved(), finding(40 * SECOND - 1, { observed: { doors: 27 }, description: '27 doors' }));
    const [update, ...more] = book.takeChanges();
    expect([more, update.isNew]).toEqual([[], false]);
    expect(update.alert).toEqual({
      ...first.alert,
      count: 3,
      last_seen: BASE + 40,
      observed: { doors: 27 },
      description: '27 doors',
    });
    expect(first.alert.count).toBe(1);
    book.raise(resolved(), finding(40 * SECOND));
    const [next] = book.takeChanges();
    expect([next.isNew, next.alert.count]).toEqual([true, 1]);
    expect(next.alert.alert_id).not.toBe(first.alert.alert_id);
    expect(book.counters).toEqual({ raised: 2, suppressed: 0, repeated: 2, allowed: 0, lost: 0 });
    expect(book.history).toEqual([update.alert, next.alert]);
  });

  it('gives an alert that repeats within its first tick as one new alert', () => {
    const book = bookOf();
    book.raise(resolved(), finding(10 * SECOND));
    book.raise(resolved(), finding(11 * SECOND));
    expect(book.takeChanges()).toMatchObject([{ isNew: true, alert: { count: 2, ts: BASE + 10, last_seen: BASE + 11 } }]);
  });

  it('tells of repeats when their number has doubled, and once more when the cooldown is over', () => {
    const book = bookOf();
    const told: number[] = [];
    for (let second = 10; second < 40; second++) {
      book.raise(resolved(), finding(second * SECOND));
      told.push(...book.takeChanges((second + 1) * SECOND).map(({ alert }) => alert.count));
    }
    expect(told).toEqual([1, 2, 4, 8, 16, 30]);
    expect(book.takeChanges(41 * SECOND)).toEqual([]);
  });

  it('keeps rules, sources, targets and keys apart', () => {
    const book = bookOf();
    book.raise(resolved(), finding(1));
    book.raise(resolved({ rule: ring }), finding(1));
    book.raise(resolved(), finding(1, { source: '10.0.0.3' }));
    book.raise(resolved(), finding(1, { target: null }));
    book.raise(resolved(), finding(1, { key: 'door' }));
    book.raise(resolved(), finding(1, { key: 'door', source: 'somebody else' }));
    const ids = book.takeChanges().map(({ alert }) => alert.alert_id);
    expect(new Set(ids).size).toBe(5);
    expect(book.counters.repeated).toBe(1);
  });

  it('gives ids that depend on nothing but the packets', () => {
    const idOf = (given: Given, at: number): string => {
      const book = bookOf(given);
      book.raise(resolved(), finding(at));
      return book.takeChanges()[0].alert.alert_id;
    };
    const id = idOf({}, 10 * SECOND);
    // Another beginning of the capture: the same moment is at another stream time.
    expect(idOf({ base: BASE + 4, limit: 5 }, 6 * SECOND)).toBe(id);
    expect(idOf({}, 10 * SECOND + 1)).not.toBe(id);
  });

  it('keeps an id to one alert although alerts begin with one event', () => {
    const book = bookOf();
    for (const at of [10, 50, 90]) book.raise(resolved(), finding(at * SECOND, { firstAt: 0 }));
    const alerts = book.takeChanges().map(({ alert }) => alert);
    expect(alerts.map(({ first_seen }) => first_seen)).toEqual([BASE, BASE, BASE]);
    expect(new Set(alerts.map(({ alert_id }) => alert_id)).size).toBe(3);
  });

  it('takes severity and confidence of the finding, and lets them rise', () => {
    const book = bookOf();
    book.raise(resolved(), finding(1, { severity: 'low', confidence: 0.2 }));
    expect(book.takeChanges()[0].alert).toMatchObject({ severity: 'low', confidence: 0.2 });
    book.raise(resolved(), finding(2, { severity: 'critical', confidence: 0.9 }));
    expect(book.takeChanges()[0].alert).toMatchObject({ severity: 'critical', confidence: 0.9 });
    book.raise(resolved(), finding(3, { severity: 'info', confidence: 0.1 }));
    expect(book.takeChanges()[0].alert).toMatchObject({ severity: 'critical', confidence: 0.9 });
  });

  it('lets a severity that people set win', () => {
    const book = bookOf();
    book.raise(resolved({ severity: 'info', origins: { severity: 'weir.toml:3:1' } }), finding(1, { severity: 'critical' }));
    expect(book.takeChanges()[0].alert.severity).toBe('info');
  });

  it('names at most 20 flows, and asks for no more', () => {
    let asked = 0;
    const book = bookOf({
      communityId: ({ sourcePort }) => {
        asked++;
        return sourcePort === 3 ? '' : `1:${sourcePort}`;
      },
    });
    book.raise(resolved(), finding(1, { flows: flows(1, 12) }));
    expect(book.takeChanges()[0].alert.flows).toHaveLength(11);
    book.raise(resolved(), finding(2, { flows: flows(10, 15) }));
    expect(book.takeChanges()[0].alert.flows).toEqual(
      flows(1, 21).flatMap(({ sourcePort }) => (sourcePort === 3 ? [] : [`1:${sourcePort}`])),
    );
    const before = asked;
    for (let at = 3; at < 100; at++) book.raise(resolved(), finding(at, { flows: flows(100, 20) }));
    book.takeChanges();
    expect(asked).toBe(before);
  });

  it('counts what the allow list matches and makes nothing of it', () => {
    const book = bookOf({ allow: [{ source: '10.0.0.0/30' }] });
    for (const last of [1, 2, 3, 4]) book.raise(resolved(), finding(1, { source: `10.0.0.${last}` }));
    expect(book.takeChanges().map(({ alert }) => alert.source)).toEqual(['10.0.0.4']);
    expect(book.counters).toMatchObject({ raised: 1, allowed: 3 });
  });

  it('marks what a suppression covers, and raises it anew when the suppression has ended', () => {
    const book = bookOf({ suppress: [{ rule: 'knock', from: BASE + 10, until: BASE + 20 }] });
    const raise = (at: number): [boolean, boolean, number][] => {
      book.raise(resolved({ cooldownSecs: 1000 }), finding(at));
      return book.takeChanges().map(({ isNew, alert }) => [isNew, alert.suppressed, alert.count]);
    };
    expect(raise(10 * SECOND)).toEqual([[true, true, 1]]);
    expect(raise(19 * SECOND)).toEqual([[false, true, 2]]);
    expect(raise(20 * SECOND)).toEqual([[true, false, 1]]);
    expect(book.counters).toMatchObject({ raised: 2, suppressed: 1, repeated: 1 });
  });

  it('remembers a limited number of alerts', () => {
    const book = bookOf({ limit: 3 });
    const raise = (source: number): void => book.raise(resolved(), finding(source, { source: `10.0.0.${source}` }));
    for (const source of [1, 2, 3, 4, 5]) raise(source);
    expect(book.takeChanges().map(({ alert }) => alert.source)).toEqual(['10.0.0.3', '10.0.0.4', '10.0.0.5']);
    expect(book.counters).toMatchObject({ raised: 5, lost: 2 });
    raise(6);
    raise(4);
    expect(book.counters).toMatchObject({ raised: 6, repeated: 1, lost: 2 });
    expect(book.history.map(({ source }) => source)).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.6']);
  });

  it('keeps a thousand alerts and more', () => {
    const book = bookOf();
    for (let index = 0; index < 1500; index++) book.raise(resolved(), finding(index, { key: String(index) }));
    expect(book.takeChanges()).toHaveLength(1500);
    expect(book.history).toHaveLength(1500);
  });
});
