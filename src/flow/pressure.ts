/**
 * Emergency mode: how a table behaves while a flood of new flows has filled it.
 *
 *   normal ──a tick opened ≥ 1/8 of the share, and ≥ 7/8 of all flows are taken──▶ emergency
 *   emergency ──a tick opened < 1/32 of the share, or < 1/2 of all flows are taken──▶ normal
 *
 * The share is maxFlows / shards. In the emergency, flows that nobody answered live EMERGENCY_DIVISOR times shorter
 * (reason `emergency`), and a TCP segment from the middle of a connection opens no flow (refused and counted): both are
 * what a flood consists of, while answered flows keep their timeouts.
 */
import type { FlowOptions } from '../shard/protocol.ts';
import { ANSWERED, List } from './recency.ts';

const ENTER_OPENED = 1 / 8;
const ENTER_TAKEN = 7 / 8;
const LEAVE_OPENED = 1 / 32;
const LEAVE_TAKEN = 1 / 2;
export const EMERGENCY_DIVISOR = 10;

/** An idle timeout of 0 seconds means never. */
const nanoseconds = (seconds: number): number => (seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1e9);

export class Pressure {
  /** Idle timeout of each list in ns; the emergency shortens those of the unanswered ones. */
  readonly timeouts = new Float64Array(List.COUNT);
  /** The smallest of them: nothing is idle that was seen more recently. */
  minTimeout = 0;
  emergency = false;
  private readonly normal = new Float64Array(List.COUNT);
  private readonly maxFlows: number;
  private readonly share: number;

  constructor(options: FlowOptions, shards: number) {
    this.maxFlows = options.maxFlows;
    this.share = Math.max(1, options.maxFlows / shards);
    const { normal } = this;
    normal[List.NEW_TCP] = normal[List.TCP] = nanoseconds(options.idleTcpSecs);
    normal[List.NEW_UDP] = normal[List.UDP] = nanoseconds(options.idleUdpSecs);
    normal[List.NEW_OTHER] = normal[List.OTHER] = nanoseconds(options.idleOtherSecs);
    normal[List.LINGER] = options.lingerSecs * 1e9;
    this.apply();
  }

  /** At a tick: `opened` flows by this shard since the last one, `taken` of maxFlows in all shards. */
  review(opened: number, taken: number): void {
    if (this.emergency) {
      if (opened >= this.share * LEAVE_OPENED && taken >= this.maxFlows * LEAVE_TAKEN) return;
    } else if (opened < this.share * ENTER_OPENED || taken < this.maxFlows * ENTER_TAKEN) return;
    this.emergency = !this.emergency;
    this.apply();
  }

  /** True when a silence that ended a flow of `list` would have ended it without the emergency, too. */
  isNormalEnd(list: number, silence: number): boolean {
    return silence >= this.normal[list];
  }

  private apply(): void {
    this.timeouts.set(this.normal);
    if (this.emergency) for (let list = 0; list < ANSWERED; list++) this.timeouts[list] = this.timeouts[list] / EMERGENCY_DIVISOR;
    this.minTimeout = Math.min(...this.timeouts);
  }
}
