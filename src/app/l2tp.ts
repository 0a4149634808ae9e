/** L2TP version 2 and 3 over UDP (RFC 2661 sections 3.1 and 4.1, RFC 3931 sections 4.1.2 and 5.1). */

import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
import {
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type SessionContext,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { textOf } from './text.ts';

const messageNames = new Map<number, string>([
  [1, 'SCCRQ'],
  [2, 'SCCRP'],
  [3, 'SCCCN'],
  [4, 'StopCCN'],
  [6, 'HELLO'],
  [7, 'OCRQ'],
  [8, 'OCRP'],
  [9, 'OCCN'],
  [10, 'ICRQ'],
  [11, 'ICRP'],
  [12, 'ICCN'],
  [14, 'CDN'],
  [15, 'WEN'],
  [16, 'SLI'],
  [20, 'ACK'],
]);
const Avp = { MESSAGE_TYPE: 0, HOST_NAME: 7, VENDOR_NAME: 8 } as const;
/** Type, length and sequence are there in control messages; offset and priority are not (RFC 2661 section 3.1). */
const CONTROL_FLAGS = 0xc8;
const HEADER = 12;
const AVP_LIMIT = 48;

interface Control {
  readonly version: number;
  /** Null for an acknowledgement without a body. */
  readonly message: string | null;
  readonly host: string | null;
  readonly vendor: string | null;
}

export function readControl(bytes: Uint8Array): Control | null {
  const cursor = new Cursor(bytes);
  const flags = cursor.u8();
  const version = cursor.u8();
  const length = cursor.u16();
  if (flags !== CONTROL_FLAGS || (version !== 2 && version !== 3) || length !== bytes.length || length < HEADER) return null;
  cursor.skip(HEADER - 4);
  let message: string | null = null;
  let host: string | null = null;
  let vendor: string | null = null;
  for (let i = 0; i < AVP_LIMIT && cursor.left > 0; i++) {
    const head = cursor.u16();
    const vendorId = cursor.u16();
    const type = cursor.u16();
    const size = head & 0x03ff;
    if ((head & 0x3c00) !== 0 || size < 6) return null;
    const value = cursor.take(size - 6);
    if (cursor.overrun) return null;
    // The message type comes first, is mandatory and never hidden.
    if (i === 0) {
      const name =
        vendorId === 0 && type === Avp.MESSAGE_TYPE && value.length === 2 ? messageNames.get((value[0] << 8) | value[1]) : undefined;
      if (name === undefined) return null;
      message = name;
    } else if (vendorId === 0 && (head & 0x4000) === 0) {
      if (type === Avp.HOST_NAME) host ??= textOf(value, 128);
      else if (type === Avp.VENDOR_NAME) vendor ??= textOf(value, 128);
    }
  }
  return cursor.left === 0 ? { version, message, host, vendor } : null;
}

/** Session that a data message names; null when it is none, or carries no PPP with its address and control bytes. */
function dataOf(bytes: Uint8Array): number | null {
  const cursor = new Cursor(bytes);
  const flags = cursor.u8();
  if ((flags & 0xb4) !== 0 || cursor.u8() !== 2) return null;
  if ((flags & 0x40) !== 0 && cursor.u16() !== bytes.length) return null;
  const tunnel = cursor.u16();
  const session = cursor.u16();
  if ((flags & 0x08) !== 0) cursor.skip(4);
  if ((flags & 0x02) !== 0) cursor.skip(cursor.u16());
  const ppp = cursor.u16();
  if (cursor.overrun || ppp !== 0xff03 || tunnel === 0 || session === 0) return null;
  return tunnel * 65_536 + session;
}

/** Data messages of one session that prove the tunnel. */
const DATA_PROOF = 3;

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const control = readControl(newest.bytes);
  if (control !== null) return control.message !== null ? Verdict.YES : Verdict.MORE;
  const session = dataOf(newest.bytes);
  if (session === null) return Verdict.NO;
  const same = datagrams.filter(({ side, bytes }) => side === newest.side && dataOf(bytes) === session).length;
  return same >= DATA_PROOF ? Verdict.YES : Verdict.MORE;
}

const DATAGRAM_LIMIT = 12;

class Session implements DatagramSession {
  readonly #facts: AppFacts;
  #left = DATAGRAM_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    // What is inside has no protection of its own (RFC 2661 section 9).
    this.#facts.detail('l2tp');
  }

  advance({ side, bytes }: Datagram): boolean {
    const control = readControl(bytes);
    const section = this.#facts.detail('l2tp');
    if (control !== null) {
      section.version ??= control.version;
      if (control.host !== null) section[side === 0 ? 'client_host' : 'server_host'] ??= control.host;
      if (control.vendor !== null) section[side === 0 ? 'client_vendor' : 'server_vendor'] ??= control.vendor;
      if (control.message !== null) addDetail(section, 'messages', control.message);
    }
    return --this.#left <= 0;
  }
}

export const l2tp: DatagramDissector = {
  transport: 'udp',
  protocol: 'l2tp',
  ports: [1701],
  probe,
  open: (context) => new Session(context),
};
