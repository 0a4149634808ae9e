/** CAPWAP: RFC 5415 section 4. Control messages in clear, both channels in DTLS, and data frames of 802.11 (RFC 5416). */
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type Datagram, type DatagramDissector, type FlowPorts, Verdict, type VerdictCode } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { textOf } from './text.ts';

const DATAGRAM_LIMIT = 32;
const DATA_PORT = 5247;
const HEADER_LENGTH = 8;
const TYPE_CLEAR = 0;
const TYPE_DTLS = 1;
const CONTROL_HEADER = 8;
const ELEMENT_LIMIT = 64;
const ELEMENT_NAME = 4;
const ELEMENT_LAST = 65535;
const ELEMENT_SESSION = 35;

const messages = [
  '',
  'discovery_request',
  'discovery_response',
  'join_request',
  'join_response',
  'configuration_status_request',
  'configuration_status_response',
  'configuration_update_request',
  'configuration_update_response',
  'wtp_event_request',
  'wtp_event_response',
  'change_state_request',
  'change_state_response',
  'echo_request',
  'echo_response',
  'image_data_request',
  'image_data_response',
  'reset_request',
  'reset_response',
  'primary_discovery_request',
  'primary_discovery_response',
  'data_transfer_request',
  'data_transfer_response',
  'clear_configuration_request',
  'clear_configuration_response',
  'station_configuration_request',
  'station_configuration_response',
];

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];
const u32 = (bytes: Uint8Array, at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

/** A record of DTLS 1.0 or 1.2 behind the 4 bytes of the CAPWAP DTLS header. */
function isDtls(bytes: Uint8Array): boolean {
  if (bytes.length < 17 || bytes[0] !== TYPE_DTLS || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return false;
  const length = u16(bytes, 15);
  return bytes[4] >= 20 && bytes[4] <= 25 && bytes[5] === 0xfe && (bytes[6] === 0xff || bytes[6] === 0xfd) && 17 + length <= bytes.length;
}

/** Header in clear: its length in bytes, 0 when it is none. The lower three bits of the flags are reserved. */
function headerOf(bytes: Uint8Array): number {
  if (bytes.length < HEADER_LENGTH || bytes[0] !== TYPE_CLEAR) return 0;
  const length = (bytes[1] >> 3) * 4;
  return length >= HEADER_LENGTH && length <= 64 && length <= bytes.length && (bytes[3] & 7) === 0 ? length : 0;
}

type Visit = (type: number, from: number, to: number) => void;

/** Message elements from `at` on; false when they do not end exactly with the datagram. */
function walk(bytes: Uint8Array, at: number, visit: Visit): boolean {
  let count = 0;
  while (at + 4 <= bytes.length && count++ < ELEMENT_LIMIT) {
    const type = u16(bytes, at);
    const end = at + 4 + u16(bytes, at + 2);
    if (type === 0 || type === ELEMENT_LAST || end > bytes.length) return false;
    visit(type, at + 4, end);
    at = end;
  }
  return at === bytes.length;
}

/** A control message: known type, length that fits (senders differ in what they count), elements to the end. */
function controlOf(bytes: Uint8Array, header: number): number {
  if (header === 0 || header + CONTROL_HEADER > bytes.length) return 0;
  const type = u32(bytes, header);
  const length = u16(bytes, header + 5);
  const left = bytes.length - header - CONTROL_HEADER;
  if (type === 0 || type >= messages.length || (length !== left && length !== left + 3) || bytes[header + 7] !== 0) return 0;
  return walk(bytes, header + CONTROL_HEADER, () => {}) ? type : 0;
}

/** Keep-alive of the data channel: the K bit, and the session's id as the only element. */
function isKeepAlive(bytes: Uint8Array, header: number): boolean {
  if (header === 0 || (bytes[3] & 0x08) === 0 || bytes.length !== header + 22) return false;
  return u16(bytes, header) === 22 && u16(bytes, header + 2) === ELEMENT_SESSION && u16(bytes, header + 4) === 16;
}

/** A data frame says nothing but its binding: believed on its port only. */
function isData(bytes: Uint8Array, header: number, ports: FlowPorts): boolean {
  const binding = (bytes[2] & 0x3e) >> 1;
  return header > 0 && (ports.serverPort === DATA_PORT || ports.clientPort === DATA_PORT) && binding <= 3 && bytes.length > header;
}

function judge(datagrams: readonly Datagram[], ports: FlowPorts): VerdictCode {
  const { bytes } = datagrams[datagrams.length - 1];
  const header = headerOf(bytes);
  const sure = isDtls(bytes) || controlOf(bytes, header) > 0 || isKeepAlive(bytes, header) || isData(bytes, header, ports);
  return sure ? Verdict.YES : Verdict.NO;
}

function keep(facts: AppFacts, { bytes }: Datagram): boolean {
  const detail = facts.detail('capwap');
  if (isDtls(bytes)) {
    detail.encrypted = true;
    return true;
  }
  const header = headerOf(bytes);
  const type = controlOf(bytes, header);
  if (type > 0) {
    detail.channel ??= 'control';
    addDetail(detail, 'messages', messages[type]);
    walk(bytes, header + CONTROL_HEADER, (element, from, to) => {
      if (element === ELEMENT_NAME) detail.controller ??= textOf(bytes.subarray(from, to), 255);
    });
  } else if (header > 0) detail.channel ??= 'data';
  return header > 0;
}

export const capwap: DatagramDissector = {
  transport: 'udp',
  protocol: 'capwap',
  ports: [5246, DATA_PORT],
  probe: judge,
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, (datagram) => keep(facts, datagram)),
};
