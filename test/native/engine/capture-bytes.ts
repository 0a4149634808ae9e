/** Capture files as bytes, in every byte order and with every head, so that tests can cut and bend them. */
import { udpFrame } from '../../support/frames.ts';

export interface Stamped {
  sec: number;
  nsec: number;
  bytes: Uint8Array;
}

/** UDP frames of different lengths, with times to the nanosecond. */
export function stampedFrames(count: number, startSec = 1_700_000_000): Stamped[] {
  return Array.from({ length: count }, (_, index) => ({
    sec: startSec + index,
    nsec: 123_456_789 + index,
    bytes: udpFrame({ source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 4000 + index, destinationPort: 53, payload: index * 7 }),
  }));
}

type Word = (value: number) => Buffer;

const words = (little: boolean): { u16: Word; u32: Word } => ({
  u16: (value) => {
    const bytes = Buffer.alloc(2);
    if (little) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  },
  u32: (value) => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value >>> 0);
    else bytes.writeUInt32BE(value >>> 0);
    return bytes;
  },
});

export const MICROSECONDS = 0xa1b2c3d4;
export const NANOSECONDS = 0xa1b23c4d;
/** Of Alexey Kuznetsov's libpcap: 8 more bytes in each record's header. */
export const MODIFIED = 0xa1b2cd34;

export function classicHeader(magic = MICROSECONDS, little = true): Buffer {
  const { u16, u32 } = words(little);
  return Buffer.concat([u32(magic), u16(2), u16(4), u32(0), u32(0), u32(65_535), u32(1)]);
}

export function classicRecord({ sec, nsec, bytes }: Stamped, magic = MICROSECONDS, little = true): Buffer {
  const { u32 } = words(little);
  const fraction = magic === NANOSECONDS ? nsec : Math.floor(nsec / 1000);
  const more = magic === MODIFIED ? [u32(1), u32(0x0800_0000)] : [];
  return Buffer.concat([u32(sec), u32(fraction), u32(bytes.length), u32(bytes.length), ...more, bytes]);
}

export function classicCapture(frames: Stamped[], magic = MICROSECONDS, little = true): Buffer {
  return Buffer.concat([classicHeader(magic, little), ...frames.map((frame) => classicRecord(frame, magic, little))]);
}

export interface NgInterface {
  name: string;
  linkType: number;
  /** Decimal digits of a second that times are counted in. */
  digits: number;
  offsetSec: number;
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

/** A section whose packets come from its interfaces in turn. */
export function pcapngCapture(interfaces: NgInterface[], frames: Stamped[], little = true): Buffer {
  const { u16, u32 } = words(little);
  const block = (type: number, body: Buffer) => Buffer.concat([u32(type), u32(body.length + 12), body, u32(body.length + 12)]);
  const option = (code: number, value: Uint8Array) => Buffer.concat([u16(code), u16(value.length), padded(value)]);
  const section = block(0x0a0d0d0a, Buffer.concat([u32(0x1a2b3c4d), u16(1), u16(0), u32(-1), u32(-1)]));
  const descriptions = interfaces.map(({ name, linkType, digits, offsetSec }) => {
    const offset = little ? [u32(offsetSec), u32(0)] : [u32(0), u32(offsetSec)];
    const options = [
      option(2, Buffer.from(name)),
      option(9, Buffer.from([digits])),
      option(14, Buffer.concat(offset)),
      option(0, Buffer.alloc(0)),
    ];
    return block(1, Buffer.concat([u16(linkType), u16(0), u32(0), ...options]));
  });
  const packets = frames.map(({ sec, nsec, bytes }, index) => {
    const number = index % interfaces.length;
    const { digits, offsetSec } = interfaces[number];
    const units = BigInt(sec - offsetSec) * 10n ** BigInt(digits) + BigInt(nsec) / 10n ** BigInt(9 - digits);
    const time = [u32(Number(units >> 32n)), u32(Number(units & 0xffff_ffffn))];
    return block(6, Buffer.concat([u32(number), ...time, u32(bytes.length), u32(bytes.length), padded(bytes)]));
  });
  return Buffer.concat([section, ...descriptions, ...packets]);
}
