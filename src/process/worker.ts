/**
 * The thread that names processes. It sleeps until a shard rings, or until a flow is to be looked at again. Lookups take at
 * most a third of a processor over time: a flood of new flows at this host's addresses is named in part, and counted.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { ProcessLookup } from '../native/engine.ts';
import { loadAddon } from '../native/load.ts';
import { ProcessControl, QueryReader } from './memory.ts';
import { OwnAddresses } from './own-addresses.ts';
import { PROC_ROOT, type ProcessMessage, type ProcessThreadStart } from './protocol.ts';
import { Resolver } from './resolver.ts';
import { SocketTables } from './socket-tables.ts';

/** New flows of each shard that one turn looks at. */
const BATCH = 256;
/** Addresses of interfaces may change while a capture runs. */
const ADDRESSES_EVERY_MS = 2000;
const SHARE = 1 / 3;
/** How much work may come at once before the share counts. */
const BURST_MS = 200;

function tableText(name: string): string {
  try {
    return readFileSync(`${PROC_ROOT}/net/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** Sockets from the kernel, or from its tables where it does not answer. */
function socketsOf(lookup: ProcessLookup): ProcessLookup['findSocket'] {
  if (lookup.asksKernel) return (...tuple) => lookup.findSocket(...tuple);
  const tables = new SocketTables(tableText, () => performance.now());
  return (protocol, local, localPort, remote, remotePort) => tables.findSocket(protocol, local, localPort, remote, remotePort);
}

function post(message: ProcessMessage): void {
  parentPort?.postMessage(message);
}

class ProcessThread {
  private readonly control: Int32Array;
  private readonly readers: QueryReader[];
  private readonly own: OwnAddresses;
  private readonly resolver: Resolver;
  private addressesDueMs = 0;
  private flushed = 0;
  private creditMs = BURST_MS;
  private isHiddenTold = false;

  constructor({ memory, interfaces, addonPath }: ProcessThreadStart) {
    const lookup = loadAddon(addonPath).openProcessLookup(PROC_ROOT);
    if (lookup === null) throw new Error('this system is not asked for processes');
    this.control = new Int32Array(memory.control);
    this.readers = memory.rings.map((ring) => new QueryReader(ring));
    this.own = new OwnAddresses(memory.addresses);
    this.resolver = new Resolver({
      own: this.own,
      interfaces,
      findSocket: socketsOf(lookup),
      findOwners: (inodes) => lookup.findOwners(inodes),
      onHidden: () => this.tellHidden(),
    });
  }

  /** Until the sensor says that it is over. */
  run(): void {
    const { control } = this;
    this.refreshAddresses();
    post({ type: 'ready' });
    for (let restMs = 0; Atomics.load(control, ProcessControl.CLOSED) === 0; ) {
      const bell = Atomics.load(control, ProcessControl.BELL);
      const wanted = Atomics.load(control, ProcessControl.WANTED);
      const began = performance.now();
      const isEmpty = this.turn(began);
      if (isEmpty && wanted !== this.flushed) {
        this.flushed = wanted;
        post({ type: 'flushed', count: wanted });
      }
      const spent = performance.now() - began;
      const sleep = isEmpty ? this.untilDue() : 0;
      this.creditMs -= spent;
      // A flush does not wait: nothing comes after it that would be slowed down.
      restMs = wanted === this.flushed ? Math.max(0, -this.creditMs / SHARE) : 0;
      const pauseBegan = performance.now();
      if (restMs > 0) Atomics.wait(control, ProcessControl.CLOSED, 0, restMs);
      else if (sleep > 0) Atomics.wait(control, ProcessControl.BELL, bell, sleep);
      this.creditMs = Math.min(BURST_MS, this.creditMs + (performance.now() - pauseBegan + spent) * SHARE);
    }
  }

  /** True when no shard has more. */
  private turn(nowMs: number): boolean {
    if (nowMs >= this.addressesDueMs) this.refreshAddresses();
    let isEmpty = true;
    for (const reader of this.readers) {
      const queries = reader.take(BATCH);
      if (queries.length === BATCH) isEmpty = false;
      for (const query of queries) this.resolver.add(query, nowMs);
    }
    const answers = this.resolver.turn(nowMs);
    Atomics.store(this.control, ProcessControl.FLOWS, this.resolver.flows | 0);
    Atomics.store(this.control, ProcessControl.NAMED, this.resolver.named | 0);
    if (answers.length > 0) post({ type: 'answers', answers });
    return isEmpty;
  }

  private untilDue(): number {
    return Math.max(0, Math.min(this.resolver.dueMs, this.addressesDueMs) - performance.now());
  }

  private refreshAddresses(): void {
    this.addressesDueMs = performance.now() + ADDRESSES_EVERY_MS;
    this.own.replace(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
  }

  private tellHidden(): void {
    if (!this.isHiddenTold) post({ type: 'hidden' });
    this.isHiddenTold = true;
  }
}

if (!isMainThread && parentPort !== null) new ProcessThread(workerData as ProcessThreadStart).run();
