/** Bidirectional forwarding detection: control packets of RFC 5880 section 4. */
import { CountedSession } from './counted-session.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { hexNumber } from './text.ts';

const DATAGRAM_LIMIT = 8;
const PLAIN_LENGTH = 24;
/** One minute in microseconds: nobody detects failures more slowly. */
const SLOWEST = 60_000_000;

const states = ['admin_down', 'down', 'init', 'up'];
const LAST_DIAGNOSTIC = 9;
const FLAG_AUTH = 0x04;
const FLAG_MULTIPOINT = 0x01;

const u32 = (bytes: Uint8Array, at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

/** Lengths of the authentication sections: simple password, keyed and meticulous MD5, keyed and meticulous SHA-1. */
function isAuth(bytes: Uint8Array): boolean {
  if (bytes.length < PLAIN_LENGTH + 4 || bytes[PLAIN_LENGTH + 1] !== bytes.length - PLAIN_LENGTH) return false;
  const length = bytes[PLAIN_LENGTH + 1];
  const type = bytes[PLAIN_LENGTH];
  if (type === 1) return length >= 4 && length <= 19;
  return type === 2 || type === 3 ? length === 24 : (type === 4 || type === 5) && length === 28;
}

function isBfd(bytes: Uint8Array): boolean {
  if (bytes.length < PLAIN_LENGTH || bytes[0] >> 5 > 1 || (bytes[0] & 31) > LAST_DIAGNOSTIC || bytes[3] !== bytes.length) return false;
  const auth = (bytes[1] & FLAG_AUTH) !== 0;
  if (auth ? !isAuth(bytes) : bytes.length !== PLAIN_LENGTH) return false;
  // Poll and final exclude each other, point to multipoint is not used, neither discriminator nor multiplier is 0.
  if ((bytes[1] & 0x30) === 0x30 || (bytes[1] & FLAG_MULTIPOINT) !== 0 || bytes[2] === 0 || u32(bytes, 4) === 0) return false;
  if (u32(bytes, 12) === 0 || u32(bytes, 12) > SLOWEST || u32(bytes, 16) > SLOWEST || u32(bytes, 20) > SLOWEST) return false;
  // Who knows of no peer is down or going there.
  return u32(bytes, 8) !== 0 || bytes[1] >> 6 <= 1;
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  if (!isBfd(bytes)) return false;
  const detail = facts.detail('bfd');
  detail.version ??= bytes[0] >> 5;
  detail.state = states[bytes[1] >> 6];
  detail.diagnostic = bytes[0] & 31;
  detail.detect_multiplier ??= bytes[2];
  detail.discriminator ??= hexNumber(u32(bytes, 4), 8);
  detail.min_tx_us ??= u32(bytes, 12);
  if ((bytes[1] & FLAG_AUTH) !== 0 && bytes[PLAIN_LENGTH] === 1) facts.risks.add('cleartext_credentials');
  return true;
}

export const bfd: DatagramDissector = {
  transport: 'udp',
  protocol: 'bfd',
  ports: [3784, 4784, 3785],
  probe: (datagrams) => (isBfd(datagrams[datagrams.length - 1].bytes) ? Verdict.YES : Verdict.NO),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
