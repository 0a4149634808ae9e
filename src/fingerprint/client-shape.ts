/**
 * What the ClientHellos of one program have in common, worked out once: fingerprints, and lists as text. A program sends
 * the same numbers in every hello but for GREASE (RFC 8701), which no fingerprint counts and which is left out here.
 */
import { hexNumber } from '../app/text.ts';
import type { ClientHello } from '../app/tls-client-hello.ts';
import { isGrease, versionName } from '../app/tls-registry.ts';
import { ja3 } from './ja3.ts';
import { type Ja4Transport, ja4Forms } from './ja4.ts';

/** Shared by every flow of the shape: not to be changed. */
export interface ClientShape {
  readonly ja3: string;
  readonly ja4: string;
  readonly ja4_r: string;
  /** As 4 hexadecimal digits, in the order of the message. */
  readonly ciphers: readonly string[];
  readonly extensions: readonly string[];
  /** Offered versions by name. */
  readonly versions: readonly string[];
}

interface Known {
  readonly numbers: Uint16Array;
  readonly shape: ClientShape;
}

/** Entries of the lists that are kept as text; real hellos have up to about 200 ciphers. */
const LIST_LIMIT = 256;
/** Numbers of a hello whose shape is remembered: three times what the longest real ones have. */
const MOST_NUMBERS = 1024;
const MOST_SHAPES = 1024;
const known = new Map<number, Known>();
const scratch = new Uint16Array(MOST_NUMBERS);
let filled = 0;

function put(value: number): void {
  if (filled < MOST_NUMBERS) scratch[filled] = value;
  filled++;
}

function putList(list: readonly number[] | Uint8Array): void {
  const lengthAt = filled;
  put(0);
  for (let i = 0; i < list.length; i++) if (!isGrease(list[i])) put(list[i]);
  if (lengthAt < MOST_NUMBERS) scratch[lengthAt] = filled - lengthAt;
}

const TRANSPORTS: readonly Ja4Transport[] = ['t', 'q', 'd'];

/** Everything that the shape depends on, as numbers in `scratch`; false when they are too many. */
function gather(hello: ClientHello, transport: Ja4Transport): boolean {
  filled = 0;
  put(TRANSPORTS.indexOf(transport));
  put(hello.legacyVersion);
  putList(hello.ciphers);
  putList(hello.extensions);
  putList(hello.groups);
  putList(hello.pointFormats);
  putList(hello.signatureAlgorithms);
  putList(hello.versions);
  if (hello.firstAlpn !== null) putList(hello.firstAlpn);
  return filled <= MOST_NUMBERS;
}

function hashOfScratch(): number {
  let hash = filled;
  for (let i = 0; i < filled; i++) hash = Math.imul(hash ^ scratch[i], 0x9e37_79b1) ^ (hash >>> 15);
  return hash;
}

function isScratch(numbers: Uint16Array): boolean {
  if (numbers.length !== filled) return false;
  for (let i = 0; i < filled; i++) if (numbers[i] !== scratch[i]) return false;
  return true;
}

function texts(codes: readonly number[]): string[] {
  const out: string[] = [];
  for (const code of codes) if (!isGrease(code) && out.length < LIST_LIMIT) out.push(hexNumber(code, 4));
  return out;
}

function workOut(hello: ClientHello, transport: Ja4Transport): ClientShape {
  const { ja4, ja4_r } = ja4Forms(hello, transport);
  const versions = hello.versions.length > 0 ? hello.versions : [hello.legacyVersion];
  return {
    ja3: ja3(hello),
    ja4,
    ja4_r,
    ciphers: texts(hello.ciphers),
    extensions: texts(hello.extensions),
    versions: versions.slice(0, LIST_LIMIT).map(versionName),
  };
}

export function clientShape(hello: ClientHello, transport: Ja4Transport): ClientShape {
  if (!gather(hello, transport)) return workOut(hello, transport);
  const hash = hashOfScratch();
  const found = known.get(hash);
  if (found !== undefined && isScratch(found.numbers)) return found.shape;
  const shape = workOut(hello, transport);
  if (known.size >= MOST_SHAPES) known.clear();
  known.set(hash, { numbers: scratch.slice(0, filled), shape });
  return shape;
}
