/** One follower for all rules about contacts: what they are told, and when. */
import { describe, expect, it } from 'vitest';
import type { AnsweredContacts } from '../../../src/detect/state/answered-contacts.ts';
import { AnsweredSources, contactOf } from '../../../src/detect/state/answered-contacts.ts';
import { ContactFollower, type ContactRule } from '../../../src/detect/state/contact-follower.ts';
import { addressOf, answer, open, SECOND, tick, UDP } from './rule-rig.ts';

function rig(rules: Partial<ContactRule>[] = [{}]) {
  const told: string[] = [];
  const broken: unknown[] = [];
  const answered: (AnsweredContacts | undefined)[] = [];
  const follower = new ContactFollower(1000, (_, error) => void broken.push(error));
  for (const [index, rule] of rules.entries()) {
    follower.add({
      failedOnly: true,
      memoryNs: 10 * SECOND,
      wants: {},
      within: () => true,
      failed({ targetPort }, refused, contacts) {
        told.push(`${index}: ${targetPort} ${refused ? 'refused' : 'failed'}`);
        answered.push(contacts);
      },
      expire: () => {},
      ...rule,
    });
  }
  return { follower, told, broken, answered };
}

const contact = (port: number, t: number, more = {}) => open({ source: '10.0.0.1', target: '10.0.0.2', port, t, ...more });

describe('ContactFollower', () => {
  it('tells every rule of a failure, and that others of the source were answered', () => {
    const { follower, told, answered } = rig([{}, {}]);
    const accepted = contact(80, 0, { outcome: 'accepted' });
    follower.open(accepted);
    follower.answer(answer({ source: '10.0.0.1', target: '10.0.0.2', port: 80, t: 0.1, attemptAt: 0 }), accepted);
    follower.open(contact(81, 1));
    follower.tick(tick({ t: 3 }));
    expect(told).toEqual(['0: 81 failed', '1: 81 failed']);
    expect(answered[0]?.count({ at: 3 * SECOND, windowNs: 10 * SECOND, most: 5 })).toBe(1);
    expect(answered[0]?.count({ at: 3 * SECOND, windowNs: 3 * SECOND, most: 5 })).toBe(0);
  });

  it('holds back no source because of another whose attempt waits', () => {
    const { follower, told } = rig();
    follower.open(contact(1, 0));
    follower.open(contact(2, 0.1, { source: '10.0.0.9' }));
    follower.answer(answer({ source: '10.0.0.9', target: '10.0.0.2', port: 2, t: 0.2, outcome: 'refused' }), null);
    expect(told).toEqual(['0: 2 refused']);
  });

  it('does not let one protocol take the room of another', () => {
    const { follower, told } = rig();
    for (let i = 0; i < 300; i++) follower.open(contact(i, 0, { sourcePort: i }));
    follower.open(contact(53, 0, { protocol: UDP }));
    follower.tick(tick({ t: 2 }));
    expect(told).toHaveLength(257);
    expect(told).toContain('0: 53 failed');
  });

  it('leaves out what the table refused, and tells at once where every attempt counts', () => {
    const { follower, told } = rig([{}, { failedOnly: false }]);
    follower.open(contact(1, 0, { tracked: false }));
    follower.open(contact(2, 0, { outcome: 'accepted' }));
    expect(told).toEqual(['1: 2 failed']);
  });

  it('gives up a rule that throws, and goes on with the others', () => {
    const failed = () => {
      throw new Error('broken');
    };
    const { follower, told, broken } = rig([{ failed }, {}]);
    for (const port of [1, 2]) follower.open(contact(port, 0));
    follower.tick(tick({ t: 2 }));
    expect(told).toEqual(['1: 1 failed', '1: 2 failed']);
    expect(broken).toHaveLength(1);
  });
});

describe('AnsweredSources', () => {
  const contactAt = (source: string, target: string, targetPort: number) => open({ source, target, port: targetPort });

  it('counts contacts of a host or of a port', () => {
    const sources = new AnsweredSources();
    for (const [target, port] of [
      ['10.0.0.1', 80],
      ['10.0.0.1', 81],
      ['10.0.0.2', 80],
      ['10.0.0.1', 80],
    ] as const)
      sources.add(contactAt('10.9.9.9', target, port), 5);
    const window = { at: 5, windowNs: 10, most: 9 };
    const contacts = sources.peek(addressOf('10.9.9.9'));
    expect(contacts?.count(window)).toBe(3);
    expect(contacts?.count({ ...window, target: addressOf('10.0.0.1') })).toBe(2);
    expect(contacts?.count({ ...window, port: 80 })).toBe(2);
    expect(contacts?.count({ ...window, most: 1 })).toBe(1);
    expect(sources.peek(addressOf('10.9.9.8'))).toBeUndefined();
  });

  it('tells addresses of both versions apart', () => {
    const sources = new AnsweredSources();
    sources.add(contactAt('a00:1::', 'a00:2::', 80), 1);
    expect(sources.peek(addressOf('10.0.0.1'))).toBeUndefined();
    expect(sources.peek(addressOf('a00:1::'))?.latest(1, 9, 9)).toEqual([[contactOf({ target: addressOf('a00:2::'), targetPort: 80 }), 1]]);
  });

  it('keeps the latest contacts of a source, and forgets the source that was not used for longest', () => {
    const sources = new AnsweredSources();
    const busy = addressOf('10.1.0.0');
    for (let i = 0; i < 10_000; i++) sources.add(contactAt('10.1.0.0', '10.0.0.1', i), i);
    expect(sources.peek(busy)?.size).toBeLessThanOrEqual(4096);
    expect(sources.peek(busy)?.latest(9999, 1e9, 1)).toEqual([[contactOf({ target: addressOf('10.0.0.1'), targetPort: 9999 }), 9999]]);
    for (let i = 0; i < 300_000; i++) {
      const source = `10.2.${(i % 1000) >> 8}.${(i % 1000) & 255}`;
      sources.add(contactAt(source, `10.0.${(i >> 16) & 255}.1`, i & 0xffff), 10_000 + i);
    }
    expect(sources.peek(busy)).toBeUndefined();
    expect(sources.peek(addressOf('10.2.3.231'))?.size).toBeGreaterThan(200);
    sources.expire(1e9, 1000);
    expect(sources.peek(addressOf('10.2.3.231'))).toBeUndefined();
  });
});
