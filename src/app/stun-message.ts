/** Messages of STUN and TURN (RFC 8489 section 5 and 14, RFC 8656 section 18, RFC 3489 section 11). */
import { Cursor } from './cursor.ts';
import { hexNumber, textOf } from './text.ts';

export const MAGIC_COOKIE = 0x2112a442;
export const STUN_HEADER = 20;
/** A message has no more attributes than these; the known ones use fewer than 20. */
const ATTRIBUTE_LIMIT = 48;

const methods = new Map<number, string>([
  [0x001, 'binding'],
  [0x002, 'shared_secret'],
  [0x003, 'allocate'],
  [0x004, 'refresh'],
  [0x006, 'send'],
  [0x007, 'data'],
  [0x008, 'create_permission'],
  [0x009, 'channel_bind'],
  [0x00a, 'connect'],
  [0x00b, 'connection_bind'],
  [0x00c, 'connection_attempt'],
  [0x080, 'goog_ping'],
]);
const classes = ['request', 'indication', 'success', 'error'];

export interface StunAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface StunMessage {
  readonly type: number;
  /** `binding` …, or the method's number. */
  readonly method: string;
  readonly known: boolean;
  /** `request`, `indication`, `success`, `error`. */
  readonly kind: string;
  readonly cookie: boolean;
  /** The transaction id; of classic messages with the four bytes that are the cookie now. */
  readonly transaction: Uint8Array;
  readonly attributes: StunAttribute[];
}

/** Length of the message that begins at `at`, header included; 0 when no message begins there. Reads 8 bytes. */
export function stunLength(bytes: Uint8Array, length: number, at = 0): number {
  const cursor = new Cursor(bytes, at, length);
  const type = cursor.u16();
  const size = cursor.u16();
  const cookie = cursor.u32();
  return cursor.overrun || type > 0x3fff || cookie !== MAGIC_COOKIE ? 0 : STUN_HEADER + size;
}

/** Attributes that fill the cursor exactly, each padded to a multiple of 4 bytes or not. */
function readAttributes(cursor: Cursor, padded: boolean): StunAttribute[] | null {
  const attributes: StunAttribute[] = [];
  while (cursor.left > 0 && attributes.length < ATTRIBUTE_LIMIT) {
    const type = cursor.u16();
    const size = cursor.u16();
    const value = cursor.take(size);
    if (padded) cursor.skip((4 - (size % 4)) % 4);
    if (cursor.overrun) return null;
    attributes.push({ type, value });
  }
  return cursor.left > 0 ? null : attributes;
}

/** The message that fills `bytes` exactly, attributes and all; null when it does not. */
export function readStunMessage(bytes: Uint8Array): StunMessage | null {
  const cursor = new Cursor(bytes);
  const type = cursor.u16();
  const length = cursor.u16();
  const transaction = cursor.take(16);
  if (cursor.overrun || type > 0x3fff || length !== cursor.left) return null;
  const cookie = new Cursor(bytes, 4).u32() === MAGIC_COOKIE;
  // Some clients leave the padding out; only beside the cookie is that believed.
  let attributes = readAttributes(new Cursor(bytes, STUN_HEADER), true);
  if (attributes === null && cookie) attributes = readAttributes(new Cursor(bytes, STUN_HEADER), false);
  if (attributes === null) return null;
  const method = (type & 0x0f) | ((type & 0xe0) >> 1) | ((type & 0x3e00) >> 2);
  const name = methods.get(method);
  return {
    type,
    method: name ?? `0x${hexNumber(method, 3)}`,
    known: name !== undefined,
    kind: classes[((type & 0x100) >> 7) | ((type & 0x10) >> 4)],
    cookie,
    transaction,
    attributes,
  };
}

/** Exact value lengths of the attributes of RFC 3489; -1 for any multiple of 4, as section 11.2 demands. */
const classicLengths = new Map<number, number>([
  [0x0001, 8],
  [0x0002, 8],
  [0x0003, 4],
  [0x0004, 8],
  [0x0005, 8],
  [0x0006, -1],
  [0x0007, -1],
  [0x0008, 20],
  [0x0009, -1],
  [0x000a, -1],
  [0x000b, 8],
  [0x8020, 8],
  [0x8022, -1],
  [0x8028, 4],
]);
const classicAddresses = new Set([0x0001, 0x0002, 0x0004, 0x0005, 0x000b, 0x8020]);
const SECRET_OR_BINDING = new Set(['binding', 'shared_secret']);

/** Sixteen equal bytes are no transaction id that anybody draws. */
export function hasConstantId(message: StunMessage): boolean {
  return message.transaction.every((byte) => byte === message.transaction[0]);
}

/** True for a message without cookie that keeps every rule of RFC 3489. */
export function isClassic(message: StunMessage): boolean {
  if (message.cookie || !SECRET_OR_BINDING.has(message.method) || message.kind === 'indication') return false;
  if (hasConstantId(message)) return false;
  return message.attributes.every(({ type, value }) => {
    const length = classicLengths.get(type);
    if (length === undefined || (length === -1 ? value.length % 4 !== 0 : value.length !== length)) return false;
    return !classicAddresses.has(type) || (value[0] === 0 && value[1] === 1);
  });
}

/** An address attribute as `address:port`; `xor`: hidden behind the cookie and the transaction id (RFC 8489 section 14.2). */
export function addressOf(message: StunMessage, value: Uint8Array, xor: boolean): string | null {
  if (value.length !== (value[1] === 1 ? 8 : 20) || (value[1] !== 1 && value[1] !== 2)) return null;
  const clear = Uint8Array.from(value.subarray(2));
  if (xor) {
    for (let i = 0; i < 2; i++) clear[i] ^= message.transaction[i];
    for (let i = 2; i < clear.length; i++) clear[i] ^= message.transaction[i - 2];
  }
  const port = (clear[0] << 8) | clear[1];
  if (value[1] === 1) return `${clear[2]}.${clear[3]}.${clear[4]}.${clear[5]}:${port}`;
  const groups: string[] = [];
  for (let i = 2; i < 18; i += 2) groups.push(((clear[i] << 8) | clear[i + 1]).toString(16));
  return `[${groups.join(':')}]:${port}`;
}

export function textAttribute(message: StunMessage, type: number): string | null {
  const attribute = message.attributes.find((entry) => entry.type === type);
  return attribute === undefined ? null : textOf(attribute.value, 128);
}
