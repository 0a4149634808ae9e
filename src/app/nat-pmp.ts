/** NAT-PMP (RFC 6886) and its successor PCP (RFC 6887). */
import { ipv4Text, ipv6Text } from './address-text.ts';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { CLIENT, type Datagram, type DatagramDissector, type FlowPorts, SERVER, Verdict, type VerdictCode } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 8;
const PORT = 5351;
/** Where gateways announce their address changes. */
const ANNOUNCE_PORT = 5350;
const PCP = 2;
const PCP_HEADER = 24;
const PCP_MOST = 1100;
/** Ten years in seconds: longer leases are no leases. */
const LONGEST = 315_360_000;

const operations = ['external_address', 'map_udp', 'map_tcp'];
const pcpOperations = ['announce', 'map', 'peer', 'authentication'];
/** Bytes of the opcode's own part: nothing, MAP, PEER. */
const pcpParts = [0, 36, 56, 0];

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];
const u32 = (bytes: Uint8Array, at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

function isNatPmp({ bytes, side }: Datagram): boolean {
  if (bytes.length < 2 || bytes[0] !== 0) return false;
  const operation = bytes[1] & 0x7f;
  if (operation > 2) return false;
  if (bytes[1] < 0x80) {
    if (side !== CLIENT) return false;
    return operation === 0
      ? bytes.length === 2
      : bytes.length === 12 && isZero(bytes, 2, 4) && u16(bytes, 4) !== 0 && u32(bytes, 8) <= LONGEST;
  }
  if (side !== SERVER || bytes.length < 8 || u16(bytes, 2) > 5) return false;
  if (operation === 0) return bytes.length === 12 || (u16(bytes, 2) !== 0 && bytes.length === 8);
  return (bytes.length === 16 && u32(bytes, 12) <= LONGEST) || (u16(bytes, 2) !== 0 && bytes.length === 8);
}

/** MAP and PEER: nonce, protocol, three reserved bytes, ports, addresses; then options of 4 bytes and more. */
function isPcp({ bytes, side }: Datagram): boolean {
  if (bytes.length < PCP_HEADER || bytes.length > PCP_MOST || bytes.length % 4 !== 0 || bytes[0] !== PCP) return false;
  const operation = bytes[1] & 0x7f;
  if (operation >= pcpOperations.length || bytes[2] !== 0 || u32(bytes, 4) > LONGEST) return false;
  const answer = bytes[1] >= 0x80;
  if (side !== (answer ? SERVER : CLIENT)) return false;
  if (answer ? bytes[3] > 21 || !isZero(bytes, 12, PCP_HEADER) : bytes[3] !== 0) return false;
  if (bytes.length < PCP_HEADER + pcpParts[operation]) return false;
  return operation === 0 ? bytes.length === PCP_HEADER : operation === 3 || isZero(bytes, PCP_HEADER + 13, PCP_HEADER + 16);
}

/** NAT-PMP has few bytes that could contradict it: the port has to be right, or the answer has to be there. */
function judge(datagrams: readonly Datagram[], ports: FlowPorts): VerdictCode {
  const last = datagrams[datagrams.length - 1];
  if (isPcp(last)) return Verdict.YES;
  if (!isNatPmp(last)) return Verdict.NO;
  if (ports.serverPort === PORT || ports.clientPort === ANNOUNCE_PORT) return Verdict.YES;
  const pair = datagrams.some((other) => other.side !== last.side && isNatPmp(other) && ((other.bytes[1] ^ last.bytes[1]) & 0xff) === 0x80);
  return pair ? Verdict.YES : Verdict.MORE;
}

function keepPcp(facts: AppFacts, { bytes }: Datagram): void {
  const detail = facts.detail('nat_pmp');
  const operation = bytes[1] & 0x7f;
  detail.version ??= 'pcp';
  addDetail(detail, 'operations', pcpOperations[operation]);
  if (bytes[1] >= 0x80 && bytes[3] !== 0) {
    detail.result ??= bytes[3];
    facts.risks.add('error_code_detected');
  }
  if (operation !== 1 && operation !== 2) return;
  detail.lease_s ??= u32(bytes, 4);
  detail.ip_protocol ??= bytes[PCP_HEADER + 12];
  detail.internal_port ??= u16(bytes, PCP_HEADER + 16);
  if (bytes[1] < 0x80 || bytes[3] !== 0) return;
  detail.external_port = u16(bytes, PCP_HEADER + 18);
  detail.external_address = ipv6Text(bytes, PCP_HEADER + 20).replace(/^::ffff:(?=\d+\.)/, '');
}

function keep(facts: AppFacts, datagram: Datagram): boolean {
  const { bytes } = datagram;
  if (isPcp(datagram)) {
    keepPcp(facts, datagram);
    return true;
  }
  if (!isNatPmp(datagram)) return false;
  const detail = facts.detail('nat_pmp');
  const operation = bytes[1] & 0x7f;
  detail.version ??= 'nat_pmp';
  addDetail(detail, 'operations', operations[operation]);
  if (bytes[1] < 0x80) {
    if (operation === 0) return true;
    detail.internal_port ??= u16(bytes, 4);
    detail.lease_s ??= u32(bytes, 8);
    return true;
  }
  if (u16(bytes, 2) !== 0) {
    detail.result ??= u16(bytes, 2);
    facts.risks.add('error_code_detected');
  } else if (operation === 0) detail.external_address ??= ipv4Text(bytes, 8);
  else detail.external_port ??= u16(bytes, 10);
  return true;
}

export const natPmp: DatagramDissector = {
  transport: 'udp',
  protocol: 'nat_pmp',
  ports: [PORT, ANNOUNCE_PORT],
  probe: judge,
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, (datagram) => keep(facts, datagram)),
};
