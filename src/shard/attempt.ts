/** Which first packets are attempts at a service. */
import { firstEvidence, isSender } from '../flow/direction.ts';
import { type RecordWords, TcpFlag } from '../flow/record-words.ts';
import { R_DST_PORT, R_FLAGS, R_SRC_PORT, R_TCP_FLAGS, RecordFlag } from '../ring/layout.ts';

const TCP = 6;
/** Below this the ports of services; a datagram from one of them to a port above is an answer. */
const FIRST_FREE_PORT = 1024;

/**
 * Only what an initiator sends is an attempt: an answer whose question was not seen is none. What the flow's record takes
 * for likely from a table of ports is too weak here, since scanners choose their source ports as they like.
 */
export function isAttempt(rec: RecordWords, o: number, protocol: number): boolean {
  if (protocol === TCP) return (rec.u8[o + R_TCP_FLAGS] & (TcpFlag.SYN | TcpFlag.ACK)) === TcpFlag.SYN;
  if ((rec.u16[(o + R_FLAGS) >> 1] & RecordFlag.HAS_PORTS) === 0) return isSender(firstEvidence(rec, o));
  return rec.u16[(o + R_SRC_PORT) >> 1] >= FIRST_FREE_PORT || rec.u16[(o + R_DST_PORT) >> 1] < FIRST_FREE_PORT;
}
