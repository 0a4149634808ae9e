/** Diameter over TCP: RFC 6733. */
import { addDetail } from './detail.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { eitherSide } from './prefix.ts';
import { textOf } from './text.ts';

const HEADER_LENGTH = 20;
const FLAG_REQUEST = 0x80;
const FLAG_ERROR = 0x20;
const MOST_LENGTH = 1 << 20;
const AVP_LIMIT = 64;

/** Commands of the base protocol, of the IETF's applications and of 3GPP's. */
const commands: Readonly<Record<number, string>> = {
  257: 'capabilities_exchange',
  258: 're_auth',
  260: 'mobile_node',
  262: 'home_agent',
  265: 'aa',
  268: 'eap',
  271: 'accounting',
  272: 'credit_control',
  274: 'abort_session',
  275: 'session_termination',
  280: 'device_watchdog',
  282: 'disconnect_peer',
  283: 'sip_user_authorization',
  284: 'sip_server_assignment',
  285: 'sip_location_info',
  286: 'sip_multimedia_auth',
  287: 'sip_registration_termination',
  288: 'sip_push_profile',
  300: 'user_authorization',
  301: 'server_assignment',
  302: 'location_info',
  303: 'multimedia_auth',
  304: 'registration_termination',
  305: 'push_profile',
  306: 'user_data',
  307: 'profile_update',
  308: 'subscribe_notifications',
  309: 'push_notification',
  310: 'bootstrapping_info',
  311: 'message_process',
  316: 'update_location',
  317: 'cancel_location',
  318: 'authentication_information',
  319: 'insert_subscriber_data',
  320: 'delete_subscriber_data',
  321: 'purge_ue',
  322: 'reset',
  323: 'notify',
  324: 'me_identity_check',
};
/** Commands in the range for vendors (3GPP). */
const isCommand = (code: number) => commands[code] !== undefined || (code >= 8_388_608 && code < 8_389_000);

const texts: Readonly<Record<number, string>> = {
  1: 'user',
  264: 'origin_host',
  269: 'product',
  283: 'destination_realm',
  293: 'destination_host',
  296: 'origin_realm',
  281: 'error_message',
};
const RESULT_CODE = 268;

const u24 = (bytes: Uint8Array, at: number) => (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
const u32 = (bytes: Uint8Array, at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

/** Length of the message at `at`: version 1, whole words, flags without reserved bits, a known command. */
function messageLength(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] !== 1) return NOT_A_FRAME;
  if (end - at < 8) return FRAME_UNKNOWN;
  const length = u24(bytes, at + 1);
  if (length < HEADER_LENGTH || length % 4 !== 0 || length > MOST_LENGTH || (bytes[at + 4] & 15) !== 0) return NOT_A_FRAME;
  return isCommand(u24(bytes, at + 5)) ? length : NOT_A_FRAME;
}

/** Calls `visit` for each attribute; false when they do not end with the message. */
function walk(frame: Uint8Array, visit: (code: number, value: Uint8Array) => void): boolean {
  let at = HEADER_LENGTH;
  for (let count = 0; at + 8 <= frame.length && count < AVP_LIMIT; count++) {
    const header = (frame[at + 4] & 0x80) === 0 ? 8 : 12;
    const length = u24(frame, at + 5);
    if (length < header || at + length > frame.length) return false;
    visit(u32(frame, at), frame.subarray(at + header, at + length));
    at += (length + 3) & ~3;
  }
  return true;
}

class DiameterSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return messageLength(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: Side, whole: boolean): ProgressCode {
    if (frame.length < HEADER_LENGTH) return Progress.MORE;
    const { facts } = this.context;
    const detail = facts.detail('diameter');
    const request = (frame[4] & FLAG_REQUEST) !== 0;
    const code = u24(frame, 5);
    addDetail(detail, 'commands', `${commands[code] ?? `command${code}`}_${request ? 'request' : 'answer'}`);
    detail.application ??= u32(frame, 8);
    if ((frame[4] & FLAG_ERROR) !== 0) facts.risks.add('error_code_detected');
    const sound = walk(frame, (avp, value) => this.attribute(avp, value, side));
    if (sound) this.confirmed = true;
    else if (whole) facts.risks.add('malformed_packet');
    return Progress.MORE;
  }

  private attribute(code: number, value: Uint8Array, side: Side): void {
    const detail = this.context.facts.detail('diameter');
    if (code === RESULT_CODE && value.length === 4) {
      const result = u32(value, 0);
      detail.result ??= result;
      if (result >= 3000) this.context.facts.risks.add('error_code_detected');
      return;
    }
    const key = texts[code];
    if (key === undefined) return;
    // Both peers say who they are.
    if (side === SERVER && (code === 264 || code === 296 || code === 269)) detail[`server_${key}`] ??= textOf(value, 255);
    else detail[key] ??= textOf(value, 255);
  }
}

function probeHead(head: StreamHead, side: Side): VerdictCode {
  if (head.length === 0) return Verdict.MORE;
  const length = messageLength(head.bytes, 0, head.length);
  if (length < 0) return Verdict.NO;
  if (length === FRAME_UNKNOWN || head.length < HEADER_LENGTH + 8) return head.complete ? Verdict.NO : Verdict.MORE;
  // Who opened the connection asks first: for capabilities, in nearly all cases.
  if (u24(head.bytes, 5) === 257 && ((head.bytes[4] & FLAG_REQUEST) !== 0) !== (side === CLIENT)) return Verdict.NO;
  // The first attribute lies within the message and has no reserved flags.
  const attribute = u24(head.bytes, HEADER_LENGTH + 5);
  return attribute >= 8 && attribute <= length - HEADER_LENGTH && (head.bytes[HEADER_LENGTH + 4] & 0x1f) === 0 ? Verdict.YES : Verdict.NO;
}

export const diameter: StreamDissector = {
  transport: 'tcp',
  protocol: 'diameter',
  ports: [3868],
  probe(heads) {
    const client = probeHead(heads[CLIENT], CLIENT);
    const server = probeHead(heads[SERVER], SERVER);
    return eitherSide(client, server);
  },
  open: (context) => new DiameterSession(context),
};
