/**
 * Which contacts of each source were answered, kept once for all rules about contacts. Remembering one is a write into one
 * map; rules ask only about sources that have failed often enough to be judged. All sources together have a budget: beyond
 * it the one that was not used for the longest time is forgotten.
 */
import type { FlowTuple } from '../events.ts';
import { BoundedMap } from './bounded-map.ts';

const MOST_SOURCES = 16_384;
/** Latest contacts of one source. */
const MOST_CONTACTS = 2048;
/** Of all sources together: about 30 MB. */
const MOST_HELD = 262_144;

/** A (host, port) as a key: the port is its last character. */
export const contactOf = ({ target, targetPort }: Pick<FlowTuple, 'target' | 'targetPort'>): string =>
  target + String.fromCharCode(targetPort);

export interface AnsweredQuestion {
  /** The end of the window; an answered attempt exactly `windowNs` older does not count. */
  readonly at: number;
  readonly windowNs: number;
  /** The answer is no higher than this. */
  readonly most: number;
  /** Only contacts of this host, of this port; a host counts once for each port. */
  readonly target?: string;
  readonly port?: number;
}

/** Contacts of one source and protocol that were answered. */
export class AnsweredContacts {
  lastAt = 0;
  /** When each was last attempted. */
  private readonly times = new Map<string, number>();

  get size(): number {
    return this.times.size;
  }

  add(contact: string, at: number): void {
    this.times.set(contact, at);
    if (at > this.lastAt) this.lastAt = at;
  }

  /** Different contacts in the window. */
  count({ at, windowNs, most, target, port }: AnsweredQuestion): number {
    let count = 0;
    for (const [contact, time] of this.times) {
      if (at - time >= windowNs) continue;
      if (port !== undefined && contact.charCodeAt(contact.length - 1) !== port) continue;
      if (target !== undefined && !(contact.length === target.length + 1 && contact.startsWith(target))) continue;
      if (++count === most) break;
    }
    return count;
  }

  /** The `most` latest contacts in the window and when they were attempted, oldest first. */
  latest(at: number, windowNs: number, most: number): [contact: string, at: number][] {
    const inWindow = [...this.times].filter(([, time]) => at - time < windowNs);
    return inWindow.sort((a, b) => a[1] - b[1]).slice(-most);
  }

  /** Forgets all but the `most` latest. */
  shrink(most: number): void {
    const kept = this.latest(this.lastAt, Number.POSITIVE_INFINITY, most);
    this.times.clear();
    for (const [contact, time] of kept) this.times.set(contact, time);
  }
}

export class AnsweredSources {
  private readonly sources = new BoundedMap<AnsweredContacts>(MOST_SOURCES, (dropped) => {
    this.held -= dropped.size;
  });
  private held = 0;

  peek(source: string): AnsweredContacts | undefined {
    return this.sources.peek(source);
  }

  add(source: string, contact: string, at: number): void {
    const contacts = this.sources.obtain(source, makeContacts);
    const before = contacts.size;
    contacts.add(contact, at);
    if (contacts.size >= 2 * MOST_CONTACTS) contacts.shrink(MOST_CONTACTS);
    this.held += contacts.size - before;
    while (this.held > MOST_HELD && this.sources.size > 1) this.sources.dropOldest();
  }

  /** Forgets sources without an answer for `memoryNs`. */
  expire(now: number, memoryNs: number): void {
    this.sources.expire(({ lastAt }) => now - lastAt >= memoryNs);
  }
}

const makeContacts = (): AnsweredContacts => new AnsweredContacts();
