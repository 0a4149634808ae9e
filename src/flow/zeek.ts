/** Zeek's conn_state, derived from a row (ROW_BYTES at `at`). */
import {
  F_FLAGS,
  F_HISTORY,
  F_HISTORY_LENGTH,
  F_PAYLOAD_A,
  F_PAYLOAD_B,
  F_PROTOCOL,
  F_ROLE,
  F_ZEEK_A,
  F_ZEEK_B,
  HISTORY_MAX,
  RowFlag,
  RowRole,
  ZEEK_ENDPOINT,
} from './row.ts';

export type ConnState = 'S0' | 'S1' | 'S2' | 'S3' | 'SF' | 'REJ' | 'RSTO' | 'RSTR' | 'RSTOS0' | 'RSTRH' | 'SH' | 'SHR' | 'OTH';
type EndpointState = (typeof ZEEK_ENDPOINT)[number];

const TCP = 6;
const UDP = 17;

/** null for the outer flow of a tunnel. */
export function connState(row: DataView, at: number): ConnState | null {
  if ((row.getUint8(at + F_ROLE) & RowRole.OUTER) !== 0) return null;
  const noData = row.getFloat64(at + F_PAYLOAD_A, true) === 0 && row.getFloat64(at + F_PAYLOAD_B, true) === 0;
  const [zeekA, zeekB] = [row.getUint8(at + F_ZEEK_A), row.getUint8(at + F_ZEEK_B)];
  const flags = row.getUint32(at + F_FLAGS, true);
  return stateOf(row.getUint8(at + F_PROTOCOL), flags, zeekA, zeekB, noData, () => historyOf(row, at));
}

/** The same from the fields of a row: `flags` are its F_FLAGS, `zeekA` and `zeekB` numbers of endpoint states. */
export function stateOf(protocol: number, flags: number, zeekA: number, zeekB: number, noData: boolean, history: () => string): ConnState {
  const clientIsB = (flags & RowFlag.CLIENT_IS_B) !== 0;
  if (protocol === UDP) {
    const originator = (flags & (clientIsB ? RowFlag.SEEN_B : RowFlag.SEEN_A)) !== 0;
    const responder = (flags & (clientIsB ? RowFlag.SEEN_A : RowFlag.SEEN_B)) !== 0;
    return originator && responder ? 'SF' : originator ? 'S0' : responder ? 'SHR' : 'OTH';
  }
  if (protocol !== TCP) return 'OTH';
  const a = ZEEK_ENDPOINT[zeekA] ?? 'inactive';
  const b = ZEEK_ENDPOINT[zeekB] ?? 'inactive';
  return clientIsB ? tcpState(b, a, noData, history) : tcpState(a, b, noData, history);
}

/** The letters of `history`; '' where nothing applies. */
export function historyOf(row: DataView, at: number): string {
  let text = '';
  const length = Math.min(row.getUint8(at + F_HISTORY_LENGTH), HISTORY_MAX);
  for (let i = 0; i < length; i++) text += String.fromCharCode(row.getUint8(at + F_HISTORY + i));
  return text;
}

const isInactive = (state: EndpointState) => state === 'inactive' || state === 'partial';

function tcpState(originator: EndpointState, responder: EndpointState, noData: boolean, history: () => string): ConnState {
  if (responder === 'reset') {
    if (originator === 'syn_sent' || originator === 'syn_ack_sent' || (originator === 'reset' && noData)) return 'REJ';
    return isInactive(originator) ? 'RSTRH' : 'RSTR';
  }
  if (originator === 'reset') {
    if (!isInactive(responder)) return 'RSTO';
    return /^\^?S[^HAFGIQ]*R.*/.test(history()) ? 'RSTOS0' : 'OTH';
  }
  if (originator === 'closed') return responder === 'closed' ? 'SF' : isInactive(responder) ? 'SH' : 'S2';
  if (responder === 'closed') return isInactive(originator) ? 'SHR' : 'S3';
  if (originator === 'syn_sent' && responder === 'inactive') return 'S0';
  return originator === 'established' && responder === 'established' ? 'S1' : 'OTH';
}
