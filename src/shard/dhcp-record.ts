/** Finds messages to DHCP servers among the datagrams of a ring. */
import { macText } from '../app/address-text.ts';
import type { DhcpEvent } from '../detect/events.ts';
import { R_DST_ADDR, R_DST_PORT, R_FLAGS, R_ORDINAL, R_SRC_ADDR, R_SRC_MAC, R_SRC_PORT, R_STREAM_NS, RecordFlag } from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';
import { addressKey } from './address-key.ts';

const UDP = 17;
/** Where servers and relays listen (RFC 2131, RFC 8415); `native/flow/fast_path.cc` leaves the same packets to us. */
const SERVER_PORT = 67;
const SERVER_PORT_V6 = 547;
const NO_MAC = '00:00:00:00:00:00';

/** The message of the UDP record at byte offset `o`, or null when it is none from a client. Nothing of it points into the ring. */
export function readDhcp(rec: RingReader, o: number): DhcpEvent | null {
  const { u8, u16, f64 } = rec;
  const targetPort = u16[(o + R_DST_PORT) >> 1];
  if (targetPort !== SERVER_PORT && targetPort !== SERVER_PORT_V6) return null;
  const sourcePort = u16[(o + R_SRC_PORT) >> 1];
  // Relays and servers among themselves.
  if (sourcePort === targetPort) return null;
  const station = macText(u8, o + R_SRC_MAC);
  const isV6 = (u16[(o + R_FLAGS) >> 1] & RecordFlag.IPV6) !== 0;
  return {
    type: 'dhcp',
    at: f64[(o + R_STREAM_NS) >> 3],
    ordinal: f64[(o + R_ORDINAL) >> 3],
    station: station === NO_MAC ? null : station,
    protocol: UDP,
    source: addressKey(u8, o + R_SRC_ADDR, isV6),
    sourcePort,
    target: addressKey(u8, o + R_DST_ADDR, isV6),
    targetPort,
  };
}
