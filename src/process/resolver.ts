/**
 * Which process has which end of a flow. A flow's sockets are asked for at once, because a process may be gone in
 * milliseconds; of all flows that are new by then the owners are sought in one search, because that is what takes long.
 *
 * The socket of a connection that comes in belongs to nobody until it is accepted. Until then, and when it never is, the
 * answer is the process that listens; a few later looks find the one that accepted. It is the answer too when the connection is
 * over before its owner was found.
 */
import type { ProcessFacts, ProcessLookup, SocketFacts } from '../native/engine.ts';
import { flowKey } from './flow-key.ts';
import { Q_ADDR_A, Q_ADDR_B, Q_HASH_HI, Q_HASH_LO, Q_KIND, Q_ORDINAL, Q_PORTS, QueryFlag } from './memory.ts';
import type { OwnAddresses } from './own-addresses.ts';

const TCP = 6;
const LISTENING = 10;
const TIME_WAIT = 6;
/** When to look again, counted from the look before. A socket that was not there gets the first of them only. */
const AGAIN_MS = [5, 50, 500] as const;
/** Flows that wait for one of these looks; beyond it they keep what is known. */
export const MOST_WAITING = 8192;
/** Of those, looked at in one turn: new flows are not kept waiting. */
const MOST_LOOKS = 256;
/** Sockets in which no process was found, and for how long that is believed. */
const MOST_OWNERLESS = 1024;
const OWNERLESS_MS = 5000;

/** What is known of a flow's ends; a later answer replaces an earlier one. */
export interface ProcessAnswer {
  key: string;
  a: ProcessFacts | null;
  b: ProcessFacts | null;
}

interface End {
  protocol: number;
  local: Uint8Array;
  localPort: number;
  remote: Uint8Array;
  remotePort: number;
  /** 0 = none known yet. */
  inode: number;
  process: ProcessFacts | null;
  isSettled: boolean;
}

interface Flow {
  key: string;
  a: End | null;
  b: End | null;
  isNamed: boolean;
  looks: number;
  dueMs: number;
}

export interface ResolverParts extends Pick<ProcessLookup, 'findSocket' | 'findOwners'> {
  own: OwnAddresses;
  /** Numbers of interfaces whose sockets are asked for too. */
  interfaces: readonly number[];
  /** A process with a socket of this host does not show its files. */
  onHidden(): void;
}

function addressAt(query: Int32Array, at: number, ipv6: boolean): Uint8Array {
  return new Uint8Array(query.slice(at, at + 4).buffer, 0, ipv6 ? 16 : 4);
}

function endsOf(flow: Flow): End[] {
  return [flow.a, flow.b].filter((end) => end !== null);
}

export class Resolver {
  private readonly parts: ResolverParts;
  private fresh: Flow[] = [];
  /** By number of looks, so that each is in the order in which its flows are due. */
  private readonly waiting: Flow[][] = AGAIN_MS.map(() => []);
  private readonly ownerless = new Map<number, number>();
  /** Flows with an end of this host, and those of which a process was named. */
  flows = 0;
  named = 0;

  constructor(parts: ResolverParts) {
    this.parts = parts;
  }

  /** Takes a shard's words of a new flow; looks at it in the next turn. */
  add(query: Int32Array, nowMs: number): void {
    const kind = query[Q_KIND];
    const ipv6 = (kind & QueryFlag.IPV6) !== 0;
    const portA = query[Q_PORTS] & 0xffff;
    const portB = query[Q_PORTS] >>> 16;
    const end = (isA: boolean): End | null => {
      const at = isA ? Q_ADDR_A : Q_ADDR_B;
      if ((kind & (isA ? QueryFlag.OWN_A : QueryFlag.OWN_B)) === 0 || !this.parts.own.has(query, at, ipv6)) return null;
      const local = addressAt(query, at, ipv6);
      const remote = addressAt(query, isA ? Q_ADDR_B : Q_ADDR_A, ipv6);
      const [localPort, remotePort] = isA ? [portA, portB] : [portB, portA];
      return { protocol: kind & 0xff, local, localPort, remote, remotePort, inode: 0, process: null, isSettled: false };
    };
    const [a, b] = [end(true), end(false)];
    if (a === null && b === null) return;
    this.flows++;
    const ordinal = new Float64Array(query.slice(Q_ORDINAL, Q_ORDINAL + 2).buffer)[0];
    const key = flowKey(query[Q_HASH_LO], query[Q_HASH_HI], ordinal, (kind & QueryFlag.OUTER) !== 0);
    this.fresh.push({ key, a, b, isNamed: false, looks: 0, dueMs: nowMs });
  }

  /** When the next turn has something to do, in the past when it was too much for this one; Infinity = not by itself. */
  get dueMs(): number {
    if (this.fresh.length > 0) return 0;
    return Math.min(...this.waiting.map((flows) => flows[0]?.dueMs ?? Number.POSITIVE_INFINITY));
  }

  private takeDue(nowMs: number): Flow[] {
    const due = this.fresh;
    this.fresh = [];
    for (const flows of this.waiting) {
      let count = 0;
      while (count < MOST_LOOKS && count < flows.length && flows[count].dueMs <= nowMs) count++;
      due.push(...flows.splice(0, count));
    }
    return due;
  }

  /** Looks at what is due; answers for those flows of which more is known now. */
  turn(nowMs: number): ProcessAnswer[] {
    const due = this.takeDue(nowMs);
    if (due.length === 0) return [];
    const unowned: End[] = [];
    for (const end of due.flatMap(endsOf)) if (this.look(end)) unowned.push(end);
    const changed = this.findOwners(unowned, nowMs);
    const answers: ProcessAnswer[] = [];
    for (const flow of due) {
      if (endsOf(flow).some((end) => changed.has(end))) {
        answers.push({ key: flow.key, a: flow.a?.process ?? null, b: flow.b?.process ?? null });
        if (!flow.isNamed) this.named++;
        flow.isNamed = true;
      }
      this.schedule(flow, nowMs);
    }
    return answers;
  }

  private socketOf(end: End, remote: Uint8Array, remotePort: number): SocketFacts | null {
    for (const index of [0, ...this.parts.interfaces]) {
      const socket = this.parts.findSocket(end.protocol, end.local, end.localPort, remote, remotePort, index);
      if (socket !== null) return socket;
    }
    return null;
  }

  /** Asks for an end's socket; true = there is one whose process is not known. */
  private look(end: End): boolean {
    if (end.isSettled) return false;
    const isTcp = end.protocol === TCP;
    let socket = this.socketOf(end, end.remote, end.remotePort);
    if (socket === null) return false;
    end.isSettled = (socket.inode !== 0 && socket.state !== LISTENING) || (isTcp && socket.state === TIME_WAIT);
    // Nobody's yet, or no more: who listens there?
    if (socket.inode === 0 && end.inode === 0 && isTcp) socket = this.listenerOf(end);
    if (socket === null || socket.inode === 0 || socket.inode === end.inode) return false;
    end.inode = socket.inode;
    return true;
  }

  private listenerOf(end: End): SocketFacts | null {
    return this.socketOf(end, new Uint8Array(end.remote.length), 0);
  }

  /** Ends of which a process was found. */
  private findOwners(ends: readonly End[], nowMs: number): ReadonlySet<End> {
    const changed = new Set<End>();
    this.nameOwners(ends, nowMs, changed);
    const lost = ends.filter((end) => !changed.has(end) && this.turnToListener(end));
    this.nameOwners(lost, nowMs, changed);
    return changed;
  }

  /** The end's socket was gone before its owner was found; true = somebody else listens there. */
  private turnToListener(end: End): boolean {
    if (end.protocol !== TCP) return false;
    const socket = this.listenerOf(end);
    if (socket === null || socket.state !== LISTENING || socket.inode === 0 || socket.inode === end.inode) return false;
    end.inode = socket.inode;
    return true;
  }

  private nameOwners(ends: readonly End[], nowMs: number, changed: Set<End>): void {
    const inodes = [...new Set(ends.map(({ inode }) => inode))].filter((inode) => (this.ownerless.get(inode) ?? 0) <= nowMs);
    if (inodes.length === 0) return;
    const { owners, hidden } = this.parts.findOwners(inodes);
    const known = new Map(inodes.map((inode, index) => [inode, owners[index]]));
    for (const end of ends) {
      const process = known.get(end.inode);
      if (process === undefined) continue;
      if (process === null) this.noteOwnerless(end.inode, nowMs);
      else {
        end.process = process;
        changed.add(end);
      }
    }
    const isThere = (end: End) => this.socketOf(end, end.remote, end.remotePort)?.inode === end.inode;
    // A socket that is gone says nothing about rights.
    if (hidden && ends.some((end) => known.get(end.inode) === null && isThere(end))) this.parts.onHidden();
  }

  private noteOwnerless(inode: number, nowMs: number): void {
    if (this.ownerless.size >= MOST_OWNERLESS) this.ownerless.clear();
    this.ownerless.set(inode, nowMs + OWNERLESS_MS);
  }

  /** Puts a flow that is not settled back for a later look. */
  private schedule(flow: Flow, nowMs: number): void {
    const open = endsOf(flow).filter(({ isSettled }) => !isSettled);
    const most = open.some(({ inode }) => inode !== 0) ? AGAIN_MS.length : 1;
    const queue = this.waiting[flow.looks];
    if (open.length === 0 || flow.looks >= most || queue.length >= MOST_WAITING) return;
    flow.dueMs = nowMs + AGAIN_MS[flow.looks++];
    queue.push(flow);
  }
}
