/** What stops the decoding of a frame. */

/** Where a limit came from: the capture itself, the wire, or the length field that was narrowest. */
export type Limit =
  | 'captured length'
  | 'wire length'
  | 'IEEE 802.3 length'
  | 'MACsec length'
  | 'PPPoE payload length'
  | 'IPv4 total length'
  | 'IPv6 payload length'
  | 'UDP length'
  | 'quoted bytes';

/** Why a walk ended before the transport payload. */
export interface DecodeError {
  /** Name of the layer that could not be read. */
  layer: string;
  /** One line without wire bytes. */
  reason: string;
  /** Bytes that the layer needed, and had, from `offset`. */
  required: number;
  available: number;
  limit: Limit;
  /** Offset in the frame at which the layer starts. */
  offset: number;
}
