/**
 * Decides when a flow is worth an event: its first payload, a change of label or risks, a packet that was denied,
 * every 256 payload bytes or 4 packets since the last event, and its end.
 */
import type { FlowApp } from '../app/flow-app.ts';
import type { FlowLives } from '../flow/lives.ts';
import { F_DENIED, F_PACKETS_A, F_PAYLOAD_A, HOT_BYTES } from '../flow/row.ts';

export type EventReason = 'first_payload' | 'label' | 'drop' | 'progress' | 'end';

const EVERY_BYTES = 256;
const EVERY_PACKETS = 4;
/** Per slot: payload, packets and denials at the last event, and whether there was one. */
const FIELDS = 4;
const PAYLOAD = 0;
const PACKETS = 1;
const BEGUN = 2;
const DENIED = 3;

export class EventWatch {
  private readonly lives: FlowLives;
  private readonly last: Float64Array;
  private readonly emit: (slot: number, reason: EventReason) => void;

  constructor(lives: FlowLives, emit: (slot: number, reason: EventReason) => void) {
    this.lives = lives;
    this.last = new Float64Array(FIELDS * lives.store.rows);
    this.emit = emit;
  }

  /** A packet of the flow was counted; `changed`: label or risks are others than before it. */
  packet(slot: number, changed: boolean): void {
    const { last } = this;
    const at = FIELDS * slot;
    const payload = this.sum(slot, F_PAYLOAD_A);
    const packets = this.sum(slot, F_PACKETS_A);
    const denied = this.denied(slot);
    if (changed) this.event(slot, 'label', payload, packets);
    else if (denied !== last[at + DENIED]) this.event(slot, 'drop', payload, packets);
    else if (last[at + BEGUN] === 0) {
      if (payload > 0) this.event(slot, 'first_payload', payload, packets);
    } else if (payload - last[at + PAYLOAD] >= EVERY_BYTES || packets - last[at + PACKETS] >= EVERY_PACKETS) {
      this.event(slot, 'progress', payload, packets);
    }
  }

  /** The flow is over; its slot may be used again. */
  end(slot: number): void {
    this.emit(slot, 'end');
    this.last.fill(0, FIELDS * slot, FIELDS * (slot + 1));
  }

  private event(slot: number, reason: EventReason, payload: number, packets: number): void {
    const at = FIELDS * slot;
    this.last[at + PAYLOAD] = payload;
    this.last[at + PACKETS] = packets;
    this.last[at + BEGUN] = 1;
    this.last[at + DENIED] = this.denied(slot);
    this.emit(slot, reason);
  }

  private denied(slot: number): number {
    const { store } = this.lives;
    return store.coldU[(slot * store.coldBytes - HOT_BYTES + F_DENIED) >> 2];
  }

  private sum(slot: number, field: number): number {
    const at = (slot * HOT_BYTES + field) >> 3;
    return this.lives.store.hotF[at] + this.lives.store.hotF[at + 1];
  }
}

/** Neither label nor risks. */
export const NO_STATE = '/';

/** Label and risks of a flow as one text: when it changes, that is an event. */
export function stateText({ label, ndpi, facts }: FlowApp): string {
  return `${label?.protocol ?? ndpi?.protocol ?? ''}/${facts.hasRisks ? [...facts.risks].join() : ''}`;
}
