/**
 * BitTorrent over UDP: the DHT (BEP 5), UDP trackers (BEP 15), local peer discovery (BEP 14) and uTP (BEP 29). uTP has no
 * magic number: it is believed when both sides name the same connection and acknowledge each other.
 */
import { readDictionary, type Slice, stringAt } from './bencode.ts';
import { Cursor } from './cursor.ts';
import {
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type SessionContext,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { hexOf, startsWith, textOf } from './text.ts';

const DISCOVERY = 'BT-SEARCH * HTTP/1.1\r\n';

/** A KRPC message: one dictionary with a transaction id and what it is. Null when it is none. */
function readDht(bytes: Uint8Array): Map<string, Slice> | null {
  if (bytes[0] !== 0x64 || bytes[bytes.length - 1] !== 0x65) return null;
  const message = readDictionary(bytes);
  const kind = message === null ? null : stringAt(bytes, message.get('y'));
  if (message === null || kind === null || kind.length !== 1 || stringAt(bytes, message.get('t')) === null) return null;
  const body = String.fromCharCode(kind[0]);
  const wanted = body === 'q' ? 'a' : body;
  return (body === 'q' || body === 'r' || body === 'e') && message.has(wanted) ? message : null;
}

/** The protocol id of a connect request (BEP 15): 0x41727101980, then action 0 and a transaction id. */
function isTrackerConnect(bytes: Uint8Array): boolean {
  const cursor = new Cursor(bytes);
  return bytes.length >= 16 && bytes.length <= 32 && cursor.u32() === 0x417 && cursor.u32() === 0x27101980 && cursor.u32() === 0;
}

interface Utp {
  readonly type: number;
  readonly connection: number;
  readonly sequence: number;
  readonly acknowledged: number;
}

const Type = { DATA: 0, FIN: 1, STATE: 2, RESET: 3, SYN: 4 } as const;
const UTP_HEADER = 20;
const EXTENSION_LIMIT = 4;

/** Version 1 and a chain of extensions that stays inside the datagram. */
function readUtp(bytes: Uint8Array): Utp | null {
  if (bytes.length < UTP_HEADER || (bytes[0] & 0x0f) !== 1 || bytes[0] >> 4 > Type.SYN) return null;
  const type = bytes[0] >> 4;
  const cursor = new Cursor(bytes, 1);
  let extension = cursor.u8();
  const connection = cursor.u16();
  cursor.skip(12);
  const sequence = cursor.u16();
  const acknowledged = cursor.u16();
  for (let i = 0; extension !== 0; i++) {
    if (extension > 4 || i === EXTENSION_LIMIT) return null;
    extension = cursor.u8();
    cursor.skip(cursor.u8());
  }
  // States carry nothing, and data something.
  if (cursor.overrun || (type === Type.STATE && cursor.left > 0) || (type === Type.DATA && cursor.left === 0)) return null;
  return { type, connection, sequence, acknowledged };
}

/** Sequence numbers of the two sides that may answer each other. */
const WINDOW = 64;
const isNear = (left: number, right: number) => Math.abs(((left - right) << 16) >> 16) <= WINDOW;

/** True when `answer` acknowledges `first` in the same connection: the ids differ by one, or not at all after a SYN. */
function answers(first: Utp, answer: Utp): boolean {
  const apart = ((first.connection - answer.connection) << 16) >> 16;
  if (first.type === Type.SYN) return apart === 0 && answer.type === Type.STATE && answer.acknowledged === first.sequence;
  return (apart === 1 || apart === -1) && isNear(answer.acknowledged, first.sequence) && isNear(first.acknowledged, answer.sequence);
}

/** Datagrams of the other side that the newest one fits, which prove a connection whose beginning was not seen. */
const PAIRS = 2;

function judgeUtp(datagrams: readonly Datagram[], newest: Datagram): VerdictCode {
  const packet = readUtp(newest.bytes);
  if (packet === null) return Verdict.NO;
  let pairs = 0;
  for (const { side, bytes } of datagrams) {
    const other = side === newest.side ? null : readUtp(bytes);
    if (other === null) continue;
    if (other.type === Type.SYN && answers(other, packet)) return Verdict.YES;
    if (answers(other, packet)) pairs++;
  }
  return pairs >= PAIRS ? Verdict.YES : Verdict.MORE;
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const { bytes } = newest;
  if (readDht(bytes) !== null || isTrackerConnect(bytes) || startsWith(bytes, bytes.length, DISCOVERY)) return Verdict.YES;
  const utp = judgeUtp(datagrams, newest);
  return utp === Verdict.NO && datagrams.some((datagram) => datagram !== newest && readUtp(datagram.bytes) !== null) ? Verdict.MORE : utp;
}

const DATAGRAM_LIMIT = 8;
const HANDSHAKE = '\x13BitTorrent protocol';

class Session implements DatagramSession {
  readonly #facts: AppFacts;
  #left = DATAGRAM_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ bytes }: Datagram): boolean {
    const section = this.#facts.detail('bittorrent');
    const dht = readDht(bytes);
    if (dht !== null) {
      section.transport = 'dht';
      this.#readDht(bytes, dht);
    } else if (isTrackerConnect(bytes)) {
      section.transport = 'udp_tracker';
    } else if (startsWith(bytes, bytes.length, DISCOVERY)) {
      section.transport = 'local_discovery';
    } else if (readUtp(bytes) !== null) {
      section.transport ??= 'utp';
      if (startsWith(bytes, bytes.length, HANDSHAKE, UTP_HEADER) && bytes.length >= UTP_HEADER + 48) {
        section.info_hash = hexOf(bytes.subarray(UTP_HEADER + 28, UTP_HEADER + 48));
      }
    }
    return --this.#left <= 0;
  }

  #readDht(bytes: Uint8Array, message: Map<string, Slice>): void {
    const section = this.#facts.detail('bittorrent');
    const query = stringAt(bytes, message.get('q'));
    if (query !== null) section.query ??= textOf(query, 32);
    const version = stringAt(bytes, message.get('v'));
    if (version !== null && version.length >= 2) section.client ??= textOf(version.subarray(0, 2));
    const body = message.get('a');
    const hash = body === undefined ? null : stringAt(bytes, readDictionary(bytes, body.start, false)?.get('info_hash'));
    if (hash !== null && hash.length === 20) section.info_hash ??= hexOf(hash);
  }
}

export const bittorrentUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'bittorrent',
  ports: [6881, 6771, 6969],
  probe,
  open: (context) => new Session(context),
};
