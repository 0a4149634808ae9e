/**
 * The bytes of one flow: the hot half (touched by every packet) and the cold half (touched on exceptions), as they
 * stand in a shard's table and, one after the other, in its outbox. Offsets are in bytes; the type is the prefix of
 * the accessor that reads it. `A` and `B` are the endpoints, lower address first.
 *
 *      0          64          128         192                     384                  448      464
 *      | key, list | counters  | TCP       | first seen, history …  | RTT, loss counters  | tick   |
 *      └──────── hot: three cache lines ──┘└ cold: scale mode ─────┘└ only in full mode ─┘└ outbox ┘
 *
 * Fields marked "table" are working state of the shard and mean nothing to a reader of the outbox.
 */
export const HOT_BYTES = 192;
export const COLD_BYTES = 272;
export const ROW_BYTES = HOT_BYTES + COLD_BYTES;
/** Bytes of the cold half that a table keeps per flow: with the TCP analyses, and without (the rest is written as "not measured"). */
export const COLD_FULL_BYTES = 256;
export const COLD_SCALE_BYTES = 192;

/** Hot half. */
export const F_HASH_LO = 0; // u32
export const F_WINDOW_MIN_A = 4; // u16, smallest window that A announced, unscaled, RST left out
export const F_WINDOW_MIN_B = 6; // u16
export const F_PORT_B = 8; // u16
export const F_PORT_A = 10; // u16
export const F_PROTOCOL = 12; // u8
export const F_ROLE = 13; // u8, RowRole bits
export const F_TCP_STATE = 14; // u8, index into TCP_STATES
export const F_LIST = 15; // u8, timeout list (table)
export const F_ADDR_A = 16; // 16 bytes, network order, IPv4 in the first 4
export const F_ADDR_B = 32; // 16 bytes
export const F_LIST_PREV = 48; // i32 (table)
export const F_LIST_NEXT = 52; // i32 (table)
export const F_MOVE_EPOCH = 56; // u32 (table)
export const F_FLAGS = 60; // u32, RowFlag bits
export const F_PACKETS_A = 64; // f64, sent by A
export const F_PACKETS_B = 72; // f64
export const F_BYTES_A = 80; // f64, wire bytes
export const F_BYTES_B = 88; // f64
export const F_IP_BYTES_A = 96; // f64
export const F_IP_BYTES_B = 104; // f64
export const F_PAYLOAD_A = 112; // f64
export const F_PAYLOAD_B = 120; // f64
export const F_LAST_SEEN = 128; // f64, stream ns
export const F_NEXT_SEQ_A = 136; // u32
export const F_NEXT_SEQ_B = 140; // u32
export const F_LAST_ACK_A = 144; // u32, last acknowledgement number that A sent
export const F_LAST_ACK_B = 148; // u32
export const F_WINDOW_A = 152; // u16, last window that A announced, unscaled
export const F_WINDOW_B = 154; // u16
export const F_TCP_FLAGS_A = 156; // u8, union
export const F_TCP_FLAGS_B = 157; // u8
export const F_SIDE_A = 158; // u8, SideBit bits (table)
export const F_SIDE_B = 159; // u8
/** Times in the table below are the packets' own, in microseconds modulo 2^32; a silence of an hour clears what hangs on them. */
export const F_NEXT_TIME_A = 160; // u32, when A's highest sequence number was sent (table)
export const F_NEXT_TIME_B = 164; // u32
export const F_LAST_TIME_A = 168; // u32, A's last segment (table)
export const F_LAST_TIME_B = 172; // u32
export const F_TIMED_SEQ_A = 176; // u32, end of A's segment that is being timed (table)
export const F_TIMED_SEQ_B = 180; // u32
export const F_TIMED_AT_A = 184; // u32, when that segment, or A's SYN or SYN-ACK, was sent (table)
export const F_TIMED_AT_B = 188; // u32

/** Cold half; offsets count from the start of the row. */
export const F_FIRST_SEEN = 192; // f64, stream ns
export const F_FIRST_ORDINAL = 200; // f64
export const F_SCOPE = 208; // u32
export const F_PARENT_SCOPE = 212; // u32, tunnel number; on an outer flow its own
export const F_MAC_A = 216; // 6 bytes
export const F_MAC_B = 222; // 6 bytes
export const F_TCI0 = 228; // u16
export const F_TCI1 = 230; // u16
export const F_SOURCE = 232; // u16
export const F_VLAN_DEPTH = 234; // u8
export const F_HISTORY_LENGTH = 235; // u8
export const F_HASH_HI = 236; // u32
export const F_HISTORY = 240; // 24 bytes, ASCII
export const HISTORY_MAX = 24;
export const F_FRAGMENTS = 264; // u32
export const F_SNAPLEN_CUT = 268; // u32
export const F_ICMP_ERRORS = 272; // u32
export const F_INTERIM_SEQ = 276; // u32
export const F_TTL_A = 280; // u8, of the first packet; valid with RowFlag.SEEN_A
export const F_TTL_B = 281; // u8
export const F_ZEEK_A = 282; // u8, index into ZEEK_ENDPOINT
export const F_ZEEK_B = 283; // u8
export const F_DIRECTION_REASON = 284; // u8, index into DIRECTION_REASONS
export const F_END_REASON = 285; // u8, index into END_REASONS + 1; 0 = live
export const F_RECORD_KIND = 286; // u8, RecordForm
export const F_ICMP_TYPE = 287; // u8
export const F_ICMP_CODE = 288; // u8
export const F_ID_SALT = 289; // u8, 1 when the id needs the ordinal (same tuple, same first time)
export const F_ZEEK_BEFORE_A = 290; // u8, the state before F_ZEEK_A (table)
export const F_ZEEK_BEFORE_B = 291; // u8
export const F_LETTERS_A = 292; // u8, LetterBit bits (table)
export const F_LETTERS_B = 293; // u8
export const F_LETTER_COUNTS = 296; // u8 × 8, c g t w of A, then of B, saturating (table)
export const F_DUE_PREV = 304; // i32 (table)
export const F_DUE_NEXT = 308; // i32 (table)
export const F_ISN_A = 312; // u32, A's first sequence number (table)
export const F_ISN_B = 316; // u32
export const F_FIN_SEQ_A = 320; // u32, end of A's last FIN (table)
export const F_FIN_SEQ_B = 324; // u32
export const F_RST_SEQ_A = 328; // u32 (table)
export const F_RST_SEQ_B = 332; // u32
export const F_DUE = 336; // f64, stream ns of the next interim record (table)
export const F_SYN_SYNACK_MS = 344; // f32, NaN = not seen
export const F_SYNACK_ACK_MS = 348; // f32, NaN = not seen
export const F_KEEP_ALIVES = 352; // u32
export const F_MISSED_A = 356; // u32, saturating
export const F_MISSED_B = 360; // u32
export const F_OS_A = 364; // u8, number of the system that A's SYN or SYN+ACK looks like (fingerprint/os-labels), 0 = none
export const F_OS_B = 365; // u8
export const F_OS_CONFIDENCE_A = 366; // u8, percent
export const F_OS_CONFIDENCE_B = 367; // u8
export const F_MSS_A = 368; // u16, MSS option of A's SYN or SYN+ACK (table)
export const F_MSS_B = 370; // u16
export const F_DENIED = 372; // u32, packets that an inline capture did not put back
/** Full mode only: the line that the TCP analysis touches most. */
export const F_RTT_LAST_MS = 384; // f32
export const F_RTT_MIN_MS = 388; // f32
export const F_RTT_EWMA_MS = 392; // f32
export const F_RTT_JITTER_MS = 396; // f32
export const F_RTT_SAMPLES = 400; // u32
export const F_LOSS_NODE = 404; // u32, number of the flow's node in the pool of sequence holes, 0 = none (table)
export const F_DUP_ACKS = 408; // u32
export const F_DUP_RUN_A = 412; // u8, duplicate acknowledgements in a row (table)
export const F_DUP_RUN_B = 413; // u8
export const F_SEGMENT_A = 414; // u8, what A's last segment was: SegmentKind bits (table)
export const F_SEGMENT_B = 415; // u8
export const F_RETRANS_A = 416; // u32
export const F_RETRANS_B = 420; // u32
export const F_OOO_A = 424; // u32
export const F_OOO_B = 428; // u32
export const F_FAST_RETRANS = 432; // u32
export const F_SPURIOUS = 436; // u32
export const F_SACK_BLOCKS = 440; // u32
export const F_ZERO_WINDOWS = 444; // u32
/** Outbox only: what the flow had at the start of the tick. */
export const F_TICK_BYTES = 448; // f64
export const F_TICK_PACKETS = 456; // f64
/**
 * An outbox entry: the row, then what the previous record of the flow already reported (packets A, packets B, bytes A,
 * bytes B as f64), so that deltas can be formed, then the length of the note that follows in further entries (`entry.ts`).
 */
export const E_PREVIOUS = ROW_BYTES;
export const E_NOTE_BYTES = ROW_BYTES + 32; // u32
/** Number of this side record in its flow: orders records of one flow and one time. */
export const E_SIDE_SEQ = ROW_BYTES + 36; // u32
export const OUTBOX_ENTRY_BYTES = 512;
/** Outbox header (Int32 words are in the control block); entries start here. */
export const OUTBOX_HEADER_BYTES = 64;

/** F_RECORD_KIND */
export const RecordForm = { FINAL: 0, INTERIM: 1, TRANSACTION: 2, EVENT: 3 } as const;
export const RowRole = { IPV6: 1, OUTER: 2, INNER: 4, HAS_PORTS: 8, ONE_WAY: 16 } as const;
/** What the fast path must know of one side of a TCP connection (F_SIDE, table). */
export const SideBit = {
  /** F_NEXT_SEQ holds. */
  SEQ: 1,
  /** A plain segment of this side changes no state. */
  QUIET: 2,
  /** The history has this side's `a`. */
  LETTER_ACK: 4,
  /** The history has this side's `d`. */
  LETTER_DATA: 8,
  /** A segment of this side is being timed. */
  TIMING: 16,
  /** The side's next segment takes the long way: its last one had SACK blocks, or was a keep-alive or a probe. */
  ODD: 32,
  /** There are holes in the side's data: an acknowledgement of the other side takes the long way. */
  HOLES: 64,
} as const;
/** The last two: the side has a run of duplicate acknowledgements (table). */
export const RowFlag = {
  CLIENT_IS_B: 1,
  SEEN_A: 2,
  SEEN_B: 4,
  HISTORY_CUT: 8,
  ETHERNET: 16,
  DUP_RUN_A: 1 << 16,
  DUP_RUN_B: 1 << 17,
  /** The application layer wants no more bytes of the flow (table). */
  APP_DONE: 1 << 18,
  /** The note names a host. */
  APP_HOST: 1 << 19,
  /** The note has a label. */
  APP_LABEL: 1 << 20,
  /** The application layer left the flow alone because its shard was behind. */
  APP_SHED: 1 << 21,
  /** The application layer wants no more bytes that A, B sent (table). */
  APP_FULL_A: 1 << 22,
  APP_FULL_B: 1 << 23,
} as const;
export const TCP_STATES = ['unknown', 'syn_sent', 'syn_ack', 'established', 'fin_wait', 'closed', 'time_wait', 'reset'] as const;
export const ZEEK_ENDPOINT = ['inactive', 'syn_sent', 'syn_ack_sent', 'partial', 'established', 'closed', 'reset'] as const;
export const DIRECTION_REASONS = [
  'first_packet',
  'syn',
  'synack',
  'icmp_request',
  'port_prior',
  'dns_query',
  'tls_client_hello',
  'http_request',
] as const;
