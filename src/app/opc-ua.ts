/** OPC UA over TCP (OPC 10000-6 section 7.1: Hello, Acknowledge, Error, ReverseHello; 6.7: OpenSecureChannel). */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { startsWith, textOf } from './text.ts';

const HEADER_BYTES = 8;
const MAX_MESSAGE_BYTES = 0x4000000;
const URL_LIMIT = 512;
const TYPES = ['HELF', 'ACKF', 'ERRF', 'RHEF', 'OPNF', 'CLOF', 'MSGF', 'MSGC', 'MSGA'] as const;
const NULL_STRING = 0xffffffff;
const POLICY_PREFIX = 'http://opcfoundation.org/UA/SecurityPolicy#';

function typeAt(bytes: Uint8Array, at: number, end: number): string | undefined {
  return TYPES.find((type) => startsWith(bytes, end, type, at));
}

function stringOf(cursor: Cursor): string {
  const length = cursor.u32le();
  return length === NULL_STRING ? '' : textOf(cursor.take(length), URL_LIMIT);
}

class OpcUaSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const size = new Cursor(bytes, at + 4).u32le();
    return typeAt(bytes, at, end) === undefined || size < HEADER_BYTES || size > MAX_MESSAGE_BYTES ? NOT_A_FRAME : size;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const type = typeAt(frame, 0, frame.length);
    const section = this.context.facts.detail('opc_ua');
    const body = new Cursor(frame, HEADER_BYTES);
    if (type === 'HELF') {
      section.version = body.u32le();
      body.skip(16);
      section.endpoint = stringOf(body);
      const host = /^opc\.tcp:\/\/([^/:]+)/.exec(section.endpoint)?.[1];
      if (host !== undefined) this.context.facts.nameHost(host, 'protocol');
      return Progress.MORE;
    }
    this.confirmed = true;
    if (type === 'ERRF') {
      section.error = body.u32le();
      section.reason = stringOf(body);
      return Progress.DONE;
    }
    if (type === 'OPNF' && side === CLIENT) {
      body.skip(4);
      const policy = stringOf(body);
      if (policy !== '') section.security_policy = policy.startsWith(POLICY_PREFIX) ? policy.slice(POLICY_PREFIX.length) : policy;
    }
    return type === 'MSGF' || type === 'MSGC' || type === 'CLOF' ? Progress.DONE : Progress.MORE;
  }
}

function sideVerdict({ bytes, length }: StreamHead, side: Side): VerdictCode {
  if (length === 0) return Verdict.MORE;
  const end = Math.min(length, 64);
  const allowed = side === CLIENT ? ['HELF', 'RHEF', 'OPNF', 'MSGF'] : ['ACKF', 'ERRF', 'RHEF', 'OPNF', 'MSGF'];
  const known = Math.min(end, 4);
  const type = allowed.find((candidate) => startsWith(bytes, known, candidate.slice(0, known)));
  if (type === undefined) return Verdict.NO;
  if (end < 32 && !(type === 'ACKF' && end >= 28) && !(type === 'ERRF' && end >= 16)) return Verdict.MORE;
  const cursor = new Cursor(bytes, 4, end);
  const size = cursor.u32le();
  const version = cursor.u32le();
  if (size < 16 || size > MAX_MESSAGE_BYTES) return Verdict.NO;
  if (type === 'ACKF') return size === 28 && version < 16 && cursor.u32le() >= 8192 ? Verdict.YES : Verdict.NO;
  if (type === 'HELF') {
    const buffers = [cursor.u32le(), cursor.u32le()];
    cursor.skip(8);
    const url = cursor.u32le();
    const fits = url === NULL_STRING ? size === 32 : size === 32 + url;
    return version < 16 && buffers.every((bytes) => bytes >= 1024) && fits ? Verdict.YES : Verdict.NO;
  }
  if (type !== 'OPNF') return Verdict.MORE;
  // The security policy is a URI.
  const length32 = cursor.u32le();
  return length32 < 256 && startsWith(bytes, end, 'http://opcf', cursor.at) ? Verdict.YES : Verdict.NO;
}

export const opcUa: StreamDissector = {
  transport: 'tcp',
  protocol: 'opc_ua',
  ports: [4840],
  probe([client, server]) {
    const asked = sideVerdict(client, 0);
    const answered = sideVerdict(server, 1);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    if (asked === Verdict.YES || answered === Verdict.YES) return Verdict.YES;
    const bothLong = client.length >= 32 && server.length >= 32;
    return bothLong && client.bytes[0] === 0x4d && server.bytes[0] === 0x4d ? Verdict.YES : Verdict.MORE;
  },
  open: (context) => new OpcUaSession(context),
};
