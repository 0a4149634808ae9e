/** A look at the first elements of a BSON document (bsonspec.org, version 1.1), bounded. */
import { Cursor } from './cursor.ts';
import { indexOfByte, textOf } from './text.ts';

const MAX_ELEMENTS = 48;
const NAME_LIMIT = 64;
const STRING_LIMIT = 256;
export const BSON_STRING = 0x02;
export const BSON_DOCUMENT = 0x03;
/** Bytes of the values that have a fixed size. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0 };

export interface BsonElement {
  type: number;
  name: string;
  /** Strings only. */
  text: string;
  /** Documents and arrays only. */
  document: Uint8Array | null;
}

const NOTHING = new Uint8Array(0);

/** The elements of the document at the start of `bytes`, as far as they are there and understood. */
export function bsonElements(bytes: Uint8Array): BsonElement[] {
  const elements: BsonElement[] = [];
  const length = new Cursor(bytes).u32le();
  const cursor = new Cursor(bytes, 4, Math.min(length, bytes.length));
  while (elements.length < MAX_ELEMENTS && cursor.left > 1) {
    const type = cursor.u8();
    const end = indexOfByte(bytes, cursor.end, 0, cursor.at);
    if (type === 0 || end < 0) break;
    const name = textOf(bytes.subarray(cursor.at, end), NAME_LIMIT);
    cursor.at = end + 1;
    const element: BsonElement = { type, name, text: '', document: null };
    if (!readValue(cursor, element)) break;
    elements.push(element);
  }
  return elements;
}

function readValue(cursor: Cursor, element: BsonElement): boolean {
  const { type } = element;
  const fixed = FIXED[type];
  if (fixed !== undefined) cursor.skip(fixed);
  else if (type === BSON_STRING || type === 13 || type === 14) {
    const length = cursor.u32le();
    element.text = textOf(cursor.take(length).subarray(0, Math.max(length - 1, 0)), STRING_LIMIT);
  } else if (type === BSON_DOCUMENT || type === 4) {
    const length = new Cursor(cursor.bytes, cursor.at, cursor.end).u32le();
    if (length < 5) return false;
    element.document = cursor.bytes.subarray(cursor.at, Math.min(cursor.at + length, cursor.end));
    cursor.skip(length);
  } else if (type === 5) cursor.skip(cursor.u32le() + 1);
  else return false;
  return !cursor.overrun;
}

/** A document inside a document; empty when there is none of this name. */
export function bsonChild(elements: readonly BsonElement[], name: string): Uint8Array {
  return elements.find((element) => element.name === name)?.document ?? NOTHING;
}
