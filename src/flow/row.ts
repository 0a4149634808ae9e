/**
 * The bytes of one flow: the hot half (touched by every packet) and the cold half (touched on exceptions), as they
 * stand in a shard's table and, one after the other, in its outbox. Offsets are in bytes; the type is the prefix of
 * the accessor that reads it. `A` and `B` are the endpoints, lower address first.
 */
export const HOT_BYTES = 192;
export const COLD_BYTES = 192;
export const ROW_BYTES = HOT_BYTES + COLD_BYTES;

/** Hot half. */
export const F_HASH_LO = 0; // u32
export const F_HASH_HI = 4; // u32
export const F_PORT_B = 8; // u16
export const F_PORT_A = 10; // u16
export const F_PROTOCOL = 12; // u8
export const F_ROLE = 13; // u8, RowRole bits
export const F_TCP_STATE = 14; // u8, index into TCP_STATES
export const F_LIST = 15; // u8, timeout list
export const F_ADDR_A = 16; // 16 bytes, network order, IPv4 in the first 4
export const F_ADDR_B = 32; // 16 bytes
export const F_LIST_PREV = 48; // u32
export const F_LIST_NEXT = 52; // u32
export const F_MOVE_EPOCH = 56; // u32
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

/** Cold half; offsets count from the start of the row. */
export const F_FIRST_SEEN = 192; // f64, stream ns
export const F_FIRST_ORDINAL = 200; // f64
export const F_SYN_SYNACK_MS = 208; // f32, NaN = not seen
export const F_SYNACK_ACK_MS = 212; // f32, NaN = not seen
export const F_RTT_LAST_MS = 216; // f32
export const F_RTT_MIN_MS = 220; // f32
export const F_RTT_EWMA_MS = 224; // f32
export const F_RTT_JITTER_MS = 228; // f32
export const F_RTT_SAMPLES = 232; // u32
export const F_SCOPE = 236; // u32
export const F_PARENT_SCOPE = 240; // u32, tunnel number; on an outer flow its own
export const F_MAC_A = 244; // 6 bytes
export const F_MAC_B = 250; // 6 bytes
export const F_TCI0 = 256; // u16
export const F_TCI1 = 258; // u16
export const F_SOURCE = 260; // u16
export const F_VLAN_DEPTH = 262; // u8
export const F_HISTORY_LENGTH = 263; // u8
export const F_HISTORY = 264; // 24 bytes, ASCII
export const HISTORY_MAX = 24;
export const F_RETRANS_A = 288; // u32
export const F_RETRANS_B = 292; // u32
export const F_OOO_A = 296; // u32
export const F_OOO_B = 300; // u32
export const F_FAST_RETRANS = 304; // u32
export const F_SPURIOUS = 308; // u32
export const F_DUP_ACKS = 312; // u32
export const F_KEEP_ALIVES = 316; // u32
export const F_ZERO_WINDOWS = 320; // u32
export const F_SACK_BLOCKS = 324; // u32
export const F_MISSED_A = 328; // u32, saturating
export const F_MISSED_B = 332; // u32
export const F_FRAGMENTS = 336; // u32
export const F_SNAPLEN_CUT = 340; // u32
export const F_ICMP_ERRORS = 344; // u32
export const F_WINDOW_MIN_A = 348; // u16
export const F_WINDOW_MIN_B = 350; // u16
export const F_TTL_A = 352; // u8, of the first packet; valid with RowFlag.SEEN_A
export const F_TTL_B = 353; // u8
export const F_ZEEK_A = 354; // u8, index into ZEEK_ENDPOINT
export const F_ZEEK_B = 355; // u8
export const F_DIRECTION_REASON = 356; // u8, index into DIRECTION_REASONS
export const F_END_REASON = 357; // u8, index into END_REASONS + 1; 0 = live
export const F_RECORD_KIND = 358; // u8, 0 final, 1 interim
export const F_ICMP_TYPE = 359; // u8
export const F_ICMP_CODE = 360; // u8
export const F_ID_SALT = 361; // u8, 1 when the id needs the ordinal (same tuple, same first time)
export const F_INTERIM_SEQ = 364; // u32
/** In the table: scratch of the tick (bytes at its start). In the outbox: which row of the delta block follows. */
export const F_TICK_BYTES = 368; // f64
export const F_TICK_PACKETS = 376; // f64

/**
 * An outbox entry: the row, then what the previous record of the flow already reported
 * (packets A, packets B, bytes A, bytes B as f64), so that deltas can be formed.
 */
export const OUTBOX_ENTRY_BYTES = ROW_BYTES + 32;
export const E_PREVIOUS = ROW_BYTES;
/** Outbox header (Int32 words are in the control block); entries start here. */
export const OUTBOX_HEADER_BYTES = 64;

export const RowRole = { IPV6: 1, OUTER: 2, INNER: 4, HAS_PORTS: 8, ONE_WAY: 16 } as const;
export const RowFlag = { CLIENT_IS_B: 1, SEEN_A: 2, SEEN_B: 4, HISTORY_CUT: 8, ETHERNET: 16 } as const;
export const TCP_STATES = ['unknown', 'syn_sent', 'syn_ack', 'established', 'fin_wait', 'closed', 'time_wait', 'reset'] as const;
export const ZEEK_ENDPOINT = ['inactive', 'syn_sent', 'syn_ack_sent', 'partial', 'established', 'closed', 'reset'] as const;
export const DIRECTION_REASONS = ['first_packet', 'syn', 'synack', 'icmp_request', 'port_prior'] as const;
