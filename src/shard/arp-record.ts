/** Reads the ARP records of a ring, which the engine writes with `arp: true` (`native/decode/arp.h`). */
import { macText } from '../app/address-text.ts';
import { R_DST_ADDR, R_DST_MAC, R_ICMP_TYPE, R_ORDINAL, R_SRC_ADDR, R_SRC_MAC, R_STREAM_NS, RECORD_BYTES } from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';

/** Places of the MACs in the message of RFC 826, which stands behind the fixed part of the record. */
const SENDER_MAC = RECORD_BYTES + 8;
const TARGET_MAC = RECORD_BYTES + 18;

/** A request or reply for IPv4 on Ethernet. MACs are `aa:bb:cc:dd:ee:ff`; addresses 4 bytes, one character each. */
export interface ArpRecord {
  /** Stream time, ns. */
  readonly at: number;
  /** Position of the frame in the capture, from 1. */
  readonly ordinal: number;
  /** 1 = request, 2 = reply. */
  readonly operation: number;
  /** Addresses of the link header; zeros where it has none (Linux cooked captures have no target). */
  readonly frameSource: string;
  readonly frameTarget: string;
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

function address(u8: Uint8Array, o: number): string {
  return String.fromCharCode(u8[o], u8[o + 1], u8[o + 2], u8[o + 3]);
}

/** What the ARP record at byte offset `o` of the ring says; nothing of it points into the ring. */
export function readArp(rec: RingReader, o: number): ArpRecord {
  const { u8, f64 } = rec;
  return {
    at: f64[(o + R_STREAM_NS) >> 3],
    ordinal: f64[(o + R_ORDINAL) >> 3],
    operation: u8[o + R_ICMP_TYPE],
    frameSource: macText(u8, o + R_SRC_MAC),
    frameTarget: macText(u8, o + R_DST_MAC),
    senderMac: macText(u8, o + SENDER_MAC),
    senderAddress: address(u8, o + R_SRC_ADDR),
    targetMac: macText(u8, o + TARGET_MAC),
    targetAddress: address(u8, o + R_DST_ADDR),
  };
}
