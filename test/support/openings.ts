/** SYNs as systems send them: IP and TCP headers with the options in their order. */
export const MSS = [2, 4, 0x05, 0xb4];
export const SACK_OK = [4, 2];
const TIMESTAMP = [8, 10, 0, 1, 2, 3, 0, 0, 0, 0];
export const NOP = [1];
export const scale = (shift: number) => [3, 3, shift];

export interface Opening {
  ttl: number;
  window: number;
  options: number[];
  id?: number;
  df?: boolean;
  flags?: number;
  v6?: boolean;
  seq?: number;
  payload?: number;
}

/** An IP packet with a SYN, as a stack would send it. */
export function syn({ ttl, window, options, id = 0x1234, df = true, flags = 2, v6 = false, seq = 77, payload = 0 }: Opening): Uint8Array {
  const tcp = Buffer.alloc(20 + options.length + payload);
  tcp.writeUInt32BE(seq, 4);
  tcp.writeUInt32BE((flags & 16) === 0 ? 0 : 1, 8);
  tcp[12] = ((20 + options.length) / 4) << 4;
  tcp[13] = flags;
  tcp.writeUInt16BE(window, 14);
  tcp.set(options, 20);
  const ip = Buffer.alloc(v6 ? 40 : 20);
  ip[0] = v6 ? 0x60 : 0x45;
  if (v6) {
    ip.writeUInt16BE(tcp.length, 4);
    ip[6] = 6;
    ip[7] = ttl;
  } else {
    ip.writeUInt16BE(ip.length + tcp.length, 2);
    ip.writeUInt16BE(id, 4);
    ip[6] = df ? 0x40 : 0;
    ip[8] = ttl;
    ip[9] = 6;
  }
  return Buffer.concat([ip, tcp]);
}

export const LINUX = [...MSS, ...SACK_OK, ...TIMESTAMP, ...NOP];
export const WINDOWS = (shift: number) => [...MSS, ...NOP, ...scale(shift), ...NOP, ...NOP, ...SACK_OK];
export const DARWIN = (shift: number) => [...MSS, ...NOP, ...scale(shift), ...NOP, ...NOP, ...TIMESTAMP, ...SACK_OK, 0, 0];
export const FREEBSD = [...MSS, ...NOP, ...scale(6), ...SACK_OK, ...TIMESTAMP];
export const OPENBSD = [...MSS, ...NOP, ...NOP, ...SACK_OK, ...NOP, ...scale(6), ...NOP, ...NOP, ...TIMESTAMP];
export const NETBSD = [...MSS, ...NOP, ...scale(3), ...SACK_OK, ...NOP, ...NOP, ...NOP, ...NOP, ...TIMESTAMP];
