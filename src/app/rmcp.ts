/** Remote management control protocol: ASF 2.0 section 3.2, with IPMI 1.5 and 2.0 in it (IPMI 2.0 section 13). */
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 16;
const VERSION = 6;
const HEADER_LENGTH = 4;
const CLASS_ASF = 6;
const CLASS_IPMI = 7;
const ASF_ENTERPRISE = 4542;
const ASF_HEADER = 12;

const asfTypes: Readonly<Record<number, string>> = {
  16: 'reset',
  17: 'power_up',
  18: 'power_down',
  19: 'power_cycle',
  64: 'presence_pong',
  65: 'capabilities_response',
  66: 'system_state_response',
  67: 'open_session_response',
  68: 'close_session_response',
  128: 'presence_ping',
  129: 'capabilities_request',
  130: 'system_state_request',
  131: 'open_session_request',
  132: 'close_session_request',
  192: 'rakp_1',
  193: 'rakp_2',
  194: 'rakp_3',
};

const authTypes: Readonly<Record<number, string>> = { 0: 'none', 1: 'md2', 2: 'md5', 4: 'password', 5: 'oem', 6: 'rmcp_plus' };
const RMCP_PLUS = 6;
const PASSWORD = 4;
const payloads: Readonly<Record<number, string>> = {
  0: 'ipmi',
  1: 'serial_over_lan',
  2: 'oem',
  16: 'open_session_request',
  17: 'open_session_response',
  18: 'rakp_1',
  19: 'rakp_2',
  20: 'rakp_3',
  21: 'rakp_4',
};
const commands: Readonly<Record<number, string>> = {
  1537: 'get_device_id',
  1591: 'get_system_guid',
  1592: 'get_channel_auth_capabilities',
  1593: 'get_session_challenge',
  1594: 'activate_session',
  1595: 'set_session_privilege',
  1596: 'close_session',
  1: 'get_chassis_status',
  2: 'chassis_control',
};

const u16le = (bytes: Uint8Array, at: number) => bytes[at] | (bytes[at + 1] << 8);
const u32 = (bytes: Uint8Array, at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

function isAsf(bytes: Uint8Array): boolean {
  if (bytes.length < ASF_HEADER || u32(bytes, 4) !== ASF_ENTERPRISE || asfTypes[bytes[8]] === undefined) return false;
  return bytes[10] === 0 && bytes[11] <= bytes.length - ASF_HEADER;
}

/** Session header of IPMI: offset of the payload; -1 when its length does not fit. */
function ipmiPayload(bytes: Uint8Array): number {
  const auth = bytes[HEADER_LENGTH];
  if (bytes.length < HEADER_LENGTH + 10 || authTypes[auth] === undefined) return -1;
  if (auth === RMCP_PLUS) {
    const type = bytes[5] & 0x3f;
    const at = 16 + (type === 2 ? 6 : 0);
    if (bytes.length < at || (payloads[type] === undefined && type < 0x20)) return -1;
    return at + u16le(bytes, at - 2) <= bytes.length ? at : -1;
  }
  const at = HEADER_LENGTH + 10 + (auth === 0 ? 0 : 16);
  const length = at <= bytes.length ? bytes[at - 1] : 255;
  // Some senders pad by one byte (IPMI 2.0 section 13.6).
  return at + length === bytes.length || at + length + 1 === bytes.length ? at : -1;
}

function isRmcp(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_LENGTH || bytes[0] !== VERSION || bytes[1] !== 0) return false;
  // An acknowledgement has the header of what it acknowledges, and nothing else.
  if (bytes[3] === (0x80 | CLASS_ASF)) return bytes.length === HEADER_LENGTH;
  if (bytes[3] === CLASS_ASF) return isAsf(bytes);
  return bytes[3] === CLASS_IPMI && ipmiPayload(bytes) > 0;
}

function keepIpmi(facts: AppFacts, bytes: Uint8Array): void {
  const detail = facts.detail('rmcp');
  const auth = bytes[HEADER_LENGTH];
  detail.class ??= 'ipmi';
  detail.version ??= auth === RMCP_PLUS ? '2.0' : '1.5';
  detail.auth ??= authTypes[auth];
  if (auth === PASSWORD) facts.risks.add('cleartext_credentials');
  if (auth === RMCP_PLUS && (bytes[5] & 0x3f) !== 0) {
    addDetail(detail, 'messages', payloads[bytes[5] & 0x3f] ?? 'oem');
    return;
  }
  const at = ipmiPayload(bytes);
  // Encrypted messages say no command.
  if (at + 6 > bytes.length || (auth === RMCP_PLUS && (bytes[5] & 0x80) !== 0)) return;
  const netFunction = bytes[at + 1] >> 2;
  const command = ((netFunction & ~1) << 8) | bytes[at + 5];
  const name = commands[command] ?? `0x${command.toString(16).padStart(4, '0')}`;
  addDetail(detail, 'messages', (netFunction & 1) === 0 ? name : `${name}_response`);
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  if (!isRmcp(bytes)) return false;
  if (bytes[3] === CLASS_IPMI) keepIpmi(facts, bytes);
  else {
    const detail = facts.detail('rmcp');
    detail.class ??= 'asf';
    addDetail(detail, 'messages', bytes[3] === CLASS_ASF ? asfTypes[bytes[8]] : 'acknowledge');
  }
  return true;
}

export const rmcp: DatagramDissector = {
  transport: 'udp',
  protocol: 'rmcp',
  ports: [623, 664],
  probe: (datagrams) => {
    const { bytes } = datagrams[datagrams.length - 1];
    if (!isRmcp(bytes)) return Verdict.NO;
    // Four bytes alone could be anything.
    return bytes.length > HEADER_LENGTH || datagrams.length > 1 ? Verdict.YES : Verdict.MORE;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
