/**
 * HPACK, header compression for HTTP/2 (RFC 7541): the decoder. Bounded: the dynamic table holds at most 4,096 octets as
 * section 4 counts them unless a setting allows more (then 65,536), a name 256 and a value 4,096 bytes.
 */
import { Cursor } from './cursor.ts';
import { textOf } from './text.ts';

const MAX_TABLE = 65_536;
const DEFAULT_TABLE = 4096;
const ENTRY_OVERHEAD = 32;
const MAX_STRING = 4096;
/** Fields of one header block. */
const MAX_FIELDS = 128;

/** Appendix A; `name` or `name=value`, from index 1 on. */
const STATIC: readonly (readonly [string, string])[] = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|:status=206|' +
  ':status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|' +
  'access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|' +
  'content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|' +
  'if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|' +
  'referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const equals = entry.indexOf('=');
    return equals < 0 ? ([entry, ''] as const) : ([entry.slice(0, equals), entry.slice(equals + 1)] as const);
  });

/** Appendix B: the length of the code of each symbol, `a` = 5 bits. The code is canonical, so the lengths say it all. */
const CODE_LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabccccckgjix' +
  'prpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz';
const SHORTEST = 5;
const LONGEST = 30;
const END_OF_STRING = 256;

/** Per code length: the first code, and where its symbols begin in `symbols`. */
const firstCode: number[] = [];
const firstSymbol: number[] = [];
const symbols: number[] = [];

function buildCode(): void {
  let code = 0;
  for (let length = SHORTEST; length <= LONGEST; length++) {
    firstCode[length] = code;
    firstSymbol[length] = symbols.length;
    for (let symbol = 0; symbol <= END_OF_STRING; symbol++) {
      if (CODE_LENGTHS.charCodeAt(symbol) - 0x61 + SHORTEST === length) symbols.push(symbol);
    }
    code = (code + symbols.length - firstSymbol[length]) * 2;
  }
  firstSymbol[LONGEST + 1] = symbols.length;
}
buildCode();

/** Null when the code is not valid (section 5.2). */
export function decodeHuffman(bytes: Uint8Array): Uint8Array | null {
  const out = new Uint8Array(Math.min(Math.ceil((bytes.length * 8) / SHORTEST), MAX_STRING));
  let size = 0;
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      if (length < SHORTEST) continue;
      const offset = code - firstCode[length];
      if (offset >= firstSymbol[length + 1] - firstSymbol[length]) {
        if (length === LONGEST) return null;
        continue;
      }
      const symbol = symbols[firstSymbol[length] + offset];
      if (symbol === END_OF_STRING) return null;
      if (size < out.length) out[size++] = symbol;
      code = 0;
      length = 0;
    }
  }
  // What is left is padding: fewer than 8 bits, all ones.
  return length < 8 && code === 2 ** length - 1 ? out.subarray(0, size) : null;
}

export type Field = readonly [name: string, value: string];

export class HpackDecoder {
  private readonly table: Field[] = [];
  private size = 0;
  private limit = DEFAULT_TABLE;
  private allowed = DEFAULT_TABLE;

  /** SETTINGS_HEADER_TABLE_SIZE of the receiver of these blocks. */
  allow(size: number): void {
    this.allowed = Math.min(Math.max(size, DEFAULT_TABLE), MAX_TABLE);
  }

  /** The fields of one header block, as far as they can be read. `ok` is false when the block was not valid. */
  decode(block: Uint8Array): { fields: Field[]; ok: boolean } {
    const cursor = new Cursor(block);
    const fields: Field[] = [];
    while (cursor.left > 0 && fields.length < MAX_FIELDS) {
      const first = cursor.bytes[cursor.at];
      if ((first & 0xe0) === 0x20) {
        const limit = integer(cursor, 5);
        if (cursor.overrun || limit > this.allowed) return { fields, ok: false };
        this.limit = limit;
        this.evict(0);
        continue;
      }
      const field = (first & 0x80) !== 0 ? this.entry(integer(cursor, 7)) : this.literal(cursor, (first & 0x40) !== 0);
      if (field === null || cursor.overrun) return { fields, ok: false };
      fields.push(field);
    }
    return { fields, ok: cursor.left === 0 };
  }

  private entry(index: number): Field | null {
    if (index === 0) return null;
    if (index <= STATIC.length) return STATIC[index - 1];
    return this.table[index - STATIC.length - 1] ?? null;
  }

  private literal(cursor: Cursor, indexed: boolean): Field | null {
    const index = integer(cursor, indexed ? 6 : 4);
    const name = index === 0 ? string(cursor) : (this.entry(index)?.[0] ?? null);
    const value = string(cursor);
    if (name === null || value === null || cursor.overrun) return null;
    const field: Field = [name, value];
    if (indexed) this.insert(field);
    return field;
  }

  private insert(field: Field): void {
    const size = sizeOf(field);
    this.evict(size);
    if (size > this.limit) return;
    this.table.unshift(field);
    this.size += size;
  }

  private evict(room: number): void {
    while (this.table.length > 0 && this.size + room > this.limit) this.size -= sizeOf(this.table.pop()!);
  }
}

function sizeOf(field: Field): number {
  return Buffer.byteLength(field[0]) + Buffer.byteLength(field[1]) + ENTRY_OVERHEAD;
}

/** Section 5.1; overrun when it does not end within 28 bits. */
function integer(cursor: Cursor, prefix: number): number {
  const mask = 2 ** prefix - 1;
  let value = cursor.u8() & mask;
  if (value < mask) return value;
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = cursor.u8();
    value += (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return value;
  }
  cursor.overrun = true;
  return 0;
}

function string(cursor: Cursor): string | null {
  if (!cursor.has(1)) return null;
  const huffman = (cursor.bytes[cursor.at] & 0x80) !== 0;
  const bytes = cursor.take(integer(cursor, 7));
  if (cursor.overrun) return null;
  const plain = huffman ? decodeHuffman(bytes.length > MAX_STRING ? bytes.subarray(0, MAX_STRING) : bytes) : bytes;
  return plain === null ? null : textOf(plain, MAX_STRING);
}
