/** Rules on the capture itself, and the sliding state below the rules. */
import { describe, expect, it } from 'vitest';
import { isRoutable } from '../../../src/detect/address-class.ts';
import { captureLoss } from '../../../src/detect/rules/capture-loss.ts';
import { clockStep } from '../../../src/detect/rules/clock-step.ts';
import { CONNECTION_RULES } from '../../../src/detect/rules/connection-rules.ts';
import { ascending, medianDeviation, quantile } from '../../../src/detect/state/order.ts';
import { SlidingTotals } from '../../../src/detect/state/sliding-totals.ts';
import { SlidingWeights } from '../../../src/detect/state/sliding-weights.ts';
import { TimedFlows } from '../../../src/detect/state/timed-flows.ts';
import { addressOf, open, RuleRig, SECOND, tick } from './rule-rig.ts';

describe('capture_loss', () => {
  it('needs 5 % and 100 packets', () => {
    const feed = (dropped: number, packets: number) => new RuleRig(captureLoss).feed(tick({ t: 1, dropped, packets })).alerts;
    expect(feed(99, 99)).toEqual([]);
    expect(feed(100, 1901)).toEqual([]);
    expect(feed(100, 1900)).toEqual(['dropped']);
  });

  it('forgets what is exactly as old as the window', () => {
    const edge = (at: number) =>
      new RuleRig(captureLoss).feed(tick({ t: 0, dropped: 60, packets: 100 }), tick({ at, dropped: 60, packets: 100 })).findings.length;
    expect(edge(300 * SECOND - 1)).toBe(1);
    expect(edge(300 * SECOND)).toBe(0);
  });

  it('is silent when the loss is over', () => {
    const rig = new RuleRig(captureLoss).feed(tick({ t: 1, dropped: 500, packets: 500 }), tick({ t: 2, packets: 10 }));
    expect(rig.findings).toHaveLength(1);
  });

  it('says where it was lost: here when the counters account for it, else before the sensor', () => {
    const feed = (dropped: number) =>
      new RuleRig(captureLoss).feed(tick({ t: 1, missedBytes: 2e6, payloadBytes: 8e6, packets: 10_000, dropped })).findings.at(-1);
    expect(feed(0)).toMatchObject({ key: 'missed', observed: { share: 0.2, dropped_share: 0, where: 'before the sensor' } });
    expect(feed(0)?.description).toContain('lost before they reached the sensor');
    expect(feed(1000)).toMatchObject({ key: 'missed', observed: { where: 'before the sensor' } });
    expect(feed(1500)).toMatchObject({ key: 'missed', observed: { where: 'in the sensor' } });
  });

  it('tells what passed unseen with low severity', () => {
    const feed = (missedBytes: number, payloadBytes: number) =>
      new RuleRig(captureLoss).feed(tick({ t: 1, missedBytes, payloadBytes })).findings;
    expect(feed(999_999, 0)).toEqual([]);
    expect(feed(1_000_000, 9_000_001)).toEqual([]);
    expect(feed(1_000_000, 9_000_000)).toMatchObject([{ key: 'missed', severity: 'low', observed: { missed: 1_000_000, share: 0.1 } }]);
  });
});

describe('clock_step', () => {
  it('tells each tick with a step', () => {
    const rig = new RuleRig(clockStep).feed(tick({ t: 1 }), tick({ t: 2, clockSteps: 3 }));
    expect(rig.findings).toMatchObject([{ observed: { steps: 3 }, at: 2 * SECOND }]);
  });
});

describe('the list', () => {
  it('has every rule once, with values inside their bounds', () => {
    const kinds = CONNECTION_RULES.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(15);
    for (const { settings } of CONNECTION_RULES)
      for (const { value, least, most } of Object.values(settings)) expect(value >= least && value <= most).toBe(true);
  });
});

describe('sliding state', () => {
  it('sums what is in the window, joined by grains', () => {
    const totals = new SlidingTotals(100, 10);
    totals.add(1, 10, 0);
    totals.add(2, 20, 9);
    totals.add(4, 40, 10);
    totals.trim(99);
    expect([totals.first, totals.second, totals.firstAt]).toEqual([7, 70, 0]);
    totals.trim(100);
    expect([totals.first, totals.second, totals.firstAt]).toEqual([4, 40, 10]);
    totals.trim(110);
    expect([totals.first, totals.second, totals.firstAt]).toEqual([0, 0, Number.NaN]);
  });

  it('agrees with a plain sum without grains', () => {
    const totals = new SlidingTotals(50, 0);
    const events: { at: number; bytes: number }[] = [];
    for (let i = 0; i < 2000; i++) {
      const event = { at: i * 3 + ((i * i) % 3), bytes: (i * 7919) % 1000 };
      events.push(event);
      totals.add(event.bytes, 1, event.at);
      const inside = events.filter(({ at }) => event.at - at < 50);
      expect([totals.first, totals.second]).toEqual([inside.reduce((sum, { bytes }) => sum + bytes, 0), inside.length]);
    }
  });

  it('weighs different keys', () => {
    const weights = new SlidingWeights(100, 3);
    weights.add('a', 1, 10, 0);
    weights.add('b', 2, 20, 50);
    weights.add('a', 1, 10, 60);
    expect([weights.size, weights.first, weights.second, weights.firstAt]).toEqual([2, 3, 30, 50]);
    weights.trim(150);
    expect([weights.size, weights.first]).toEqual([1, 1]);
    for (const key of ['c', 'd', 'e']) weights.add(key, 5, 0, 151);
    expect([weights.size, weights.first]).toEqual([3, 15]);
  });

  it('keeps the last flows, a busy one once', () => {
    const flows = new TimedFlows();
    const flow = (sourcePort: number) => open({ source: '10.0.0.1', target: '10.0.0.2', port: 80, sourcePort });
    for (let i = 0; i < 30; i++) flows.add(flow(i), i);
    flows.add(flow(29), 40);
    expect(flows.since(Number.NEGATIVE_INFINITY)).toHaveLength(20);
    expect(flows.since(28)).toEqual([
      { protocol: 6, source: addressOf('10.0.0.1'), target: addressOf('10.0.0.2'), targetPort: 80, sourcePort: 29 },
    ]);
  });

  it('orders small samples', () => {
    expect(quantile(ascending([4, 1, 3, 2]), 0.5)).toBe(2.5);
    expect(quantile([], 0.5)).toBeNaN();
    expect(medianDeviation([1, 2, 3, 10], 2.5)).toBe(1);
  });

  it('knows addresses that stay on the link', () => {
    const addresses = [
      '0.0.0.0',
      '127.0.0.1',
      '169.254.1.1',
      '224.0.0.1',
      '255.255.255.255',
      'fe80::1',
      'ff02::1',
      '0::1',
      '64:ff9b::1',
      '2001:db8::1',
      '8.8.8.8',
    ];
    expect(addresses.map((address) => isRoutable(addressOf(address)))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });
});
