/** Flows, packets and bytes by application since the start. */
import type { Stats } from '../api/contract.ts';
import type { FlowRecord } from '../flow/record.ts';

/** Names come from content, and there are some 200: more than this is somebody's invention. */
const LIMIT = 1000;
const REST = 'other';

export class ProtocolTallies {
  readonly #sums = new Map<string, { flows: number; packets: number; bytes: number }>();

  /** Any record of a flow: what it adds to the one before counts. The outside of a tunnel does not. */
  add({ app, protocol, delta, interim_seq, record, tunnel }: FlowRecord): void {
    if (tunnel?.role === 'outer') return;
    const name = app?.protocol ?? protocol;
    const key = this.#sums.has(name) || this.#sums.size < LIMIT ? name : REST;
    const sum = this.#sums.get(key) ?? { flows: 0, packets: 0, bytes: 0 };
    const isFirst = record === 'interim' ? interim_seq === 1 : interim_seq === 0;
    if (isFirst) sum.flows++;
    sum.packets += delta.packets_a_to_b + delta.packets_b_to_a;
    sum.bytes += delta.bytes_a_to_b + delta.bytes_b_to_a;
    this.#sums.set(key, sum);
  }

  get totals(): Stats['protocols'] {
    return Object.fromEntries(Array.from(this.#sums, ([name, sum]) => [name, { ...sum }]));
  }
}
