/** Sessions of browsers and tickets for WebSockets: random ids that stand for a principal for a while. */
import { hash, randomBytes } from 'node:crypto';
import type { Principal } from './principal.ts';
import { RecentMap } from './recent-map.ts';

const MOST_SESSIONS = 256;
const MOST_TICKETS = 1024;
const TICKET_MS = 30_000;
export const TICKET_SECS = TICKET_MS / 1000;

/** Ids are looked up by their hash: how long a look-up takes then says nothing about the ids that there are. */
const keyOf = (id: string): string => hash('sha256', id, 'base64url');
/** 256 random bits. */
const newId = (): string => randomBytes(32).toString('base64url');

interface Session {
  principal: Principal;
  usedAt: number;
}

export class SessionTable {
  /** Beyond the limit the session that was not used longest ends. */
  readonly #sessions = new RecentMap<string, Session>(MOST_SESSIONS);
  readonly #tickets = new RecentMap<string, { principal: Principal; endsAt: number }>(MOST_TICKETS);
  readonly #idleMs: number;
  readonly #now: () => number;

  constructor(idleMs: number, now: () => number) {
    this.#idleMs = idleMs;
    this.#now = now;
  }

  open(of: Pick<Principal, 'role' | 'name'>): string {
    const id = newId();
    const key = keyOf(id);
    // A WebSocket that is open keeps its session in use.
    const principal: Principal = { role: of.role, name: of.name, by: 'session', isCurrent: () => this.#used(key) !== null };
    this.#sessions.set(key, { principal, usedAt: this.#now() });
    return id;
  }

  find(id: string): Principal | null {
    return this.#used(keyOf(id));
  }

  close(id: string): void {
    this.#sessions.take(keyOf(id));
  }

  /** Lets the holder open one WebSocket within 30 s. */
  openTicket(principal: Principal): string {
    const ticket = newId();
    this.#tickets.set(keyOf(ticket), { principal: { ...principal, by: 'ticket' }, endsAt: this.#now() + TICKET_MS });
    return ticket;
  }

  /** Works once. */
  takeTicket(ticket: string): Principal | null {
    const found = this.#tickets.take(keyOf(ticket));
    return found !== undefined && found.endsAt > this.#now() && found.principal.isCurrent() ? found.principal : null;
  }

  #used(key: string): Principal | null {
    const session = this.#sessions.get(key);
    const now = this.#now();
    if (session === undefined) return null;
    if (session.usedAt + this.#idleMs <= now) {
      this.#sessions.take(key);
      return null;
    }
    session.usedAt = now;
    return session.principal;
  }
}
