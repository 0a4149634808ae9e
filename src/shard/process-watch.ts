/** Tells the thread that names processes of each new TCP or UDP flow that may have an end on this host. Once per flow. */
import {
  F_ADDR_A,
  F_ADDR_B,
  F_FIRST_ORDINAL,
  F_HASH_HI,
  F_HASH_LO,
  F_PORT_A,
  F_PORT_B,
  F_PROTOCOL,
  F_ROLE,
  HOT_BYTES,
  RowRole,
} from '../flow/row.ts';
import type { FlowStore } from '../flow/store.ts';
import {
  type ProcessMemory,
  Q_ADDR_A,
  Q_ADDR_B,
  Q_HASH_HI,
  Q_HASH_LO,
  Q_KIND,
  Q_PORTS,
  QueryFlag,
  QueryWriter,
} from '../process/memory.ts';
import { isLoopback4 } from '../process/own-addresses.ts';

const TCP = 6;
const UDP = 17;

export class ProcessWatch {
  private readonly store: FlowStore;
  private readonly writer: QueryWriter;

  constructor(store: FlowStore, memory: ProcessMemory, shard: number) {
    this.store = store;
    this.writer = new QueryWriter(memory, shard);
  }

  /** The row of a new flow was filled. */
  opened(slot: number): void {
    const { hotI, hotH, hotB, coldI, coldF, coldBytes } = this.store;
    const hot = slot * HOT_BYTES;
    const protocol = hotB[hot + F_PROTOCOL];
    if (protocol !== TCP && protocol !== UDP) return;
    const { query } = this.writer;
    for (let i = 0; i < 4; i++) {
      query[Q_ADDR_A + i] = hotI[((hot + F_ADDR_A) >> 2) + i];
      query[Q_ADDR_B + i] = hotI[((hot + F_ADDR_B) >> 2) + i];
    }
    const role = hotB[hot + F_ROLE];
    const ipv6 = (role & RowRole.IPV6) !== 0;
    const own = (this.isOwn(Q_ADDR_A, ipv6) ? QueryFlag.OWN_A : 0) | (this.isOwn(Q_ADDR_B, ipv6) ? QueryFlag.OWN_B : 0);
    if (own === 0) return;
    const cold = slot * coldBytes - HOT_BYTES;
    query[Q_HASH_LO] = hotI[(hot + F_HASH_LO) >> 2];
    query[Q_HASH_HI] = coldI[(cold + F_HASH_HI) >> 2];
    this.writer.ordinal = coldF[(cold + F_FIRST_ORDINAL) >> 3];
    query[Q_PORTS] = hotH[(hot + F_PORT_A) >> 1] | (hotH[(hot + F_PORT_B) >> 1] << 16);
    query[Q_KIND] = protocol | own | (ipv6 ? QueryFlag.IPV6 : 0) | ((role & RowRole.OUTER) === 0 ? 0 : QueryFlag.OUTER);
    this.writer.send();
  }

  private isOwn(at: number, ipv6: boolean): boolean {
    return (!ipv6 && isLoopback4(this.writer.query[at])) || this.writer.mayBeOwn(at);
  }
}
