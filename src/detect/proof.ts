/** Which packets show what a finding says: those of its source and target, in its time, of the kind that its rule looks at. */
import type { RecallClause } from '../native/engine.ts';
import { addressText } from './address-text.ts';
import { endpointOf } from './endpoint.ts';
import type { FlowTuple } from './events.ts';
import type { Finding } from './rule.ts';

/** Packets between two moments of stream time, both included, that one of the clauses fits. */
export interface Proof {
  /** Before `firstNs`: packets there are of use, but not needed. */
  fromNs: number;
  /** The first event that counted. */
  firstNs: number;
  toNs: number;
  clauses: RecallClause[];
}

/** What of its packets a rule looks at; what is left out may be anything. */
interface Scope {
  arp?: true;
  /** Whoever source and target are: they may be no addresses. */
  everybody?: true;
  protocols?: readonly number[];
  /** Of the target. */
  ports?: readonly number[];
  /** How far before the first event something that it depends on may lie. */
  leadSecs?: number;
}

const NS = 1e9;
/** Beginnings of flows that count by their end, questions whose answers count, what was carried since it was told last. */
const LEAD_SECS = 10;
const TCP = 6;
const UDP = 17;
const DNS = { protocols: [UDP, TCP], ports: [53] };
const ICMP = { protocols: [1, 58] };
const ONLY_TCP = { protocols: [TCP] };

/** By kind of rule; null = about the capture itself, which no packet shows. Kinds that are not here may mean all packets. */
export const SCOPES: Readonly<Record<string, Scope | null>> = {
  arp_scan: { arp: true },
  // Whose an address was before, and who asked for it: what makes it the gateway's.
  arp_spoof: { arp: true, leadSecs: 1800 },
  beaconing: {},
  brute_force: ONLY_TCP,
  capture_loss: null,
  clock_step: null,
  data_exfiltration: {},
  dga: DNS,
  dhcp_flood: { everybody: true, protocols: [UDP], ports: [67, 547] },
  dns_tunnel: DNS,
  flow_volume: {},
  horizontal_scan: ONLY_TCP,
  icmp_sweep: ICMP,
  icmp_tunnel: ICMP,
  lateral_movement: { ...ONLY_TCP, ports: [22, 135, 139, 445, 3389, 5985, 5986] },
  long_connection: {},
  new_device: {},
  new_service: {},
  nxdomain_burst: DNS,
  port_scan: ONLY_TCP,
  slow_scan: ONLY_TCP,
  syn_flood: ONLY_TCP,
  traffic_spike: { leadSecs: 60 },
  udp_scan: { protocols: [UDP] },
  vertical_scan: ONLY_TCP,
};

const ANYTHING: RecallClause = { address: null, port: null, peer: null, peerPort: null, protocol: null, arp: false };

/** One clause for each protocol and port, or one for all. */
function within(clause: RecallClause, { protocols = [], ports = [] }: Scope): RecallClause[] {
  const byProtocol = protocols.length === 0 ? [clause] : protocols.map((protocol) => ({ ...clause, protocol }));
  if (ports.length === 0 || clause.peerPort !== null) return byProtocol;
  return byProtocol.flatMap((each) => ports.map((peerPort) => ({ ...each, peerPort })));
}

function flowClause({ protocol, source, sourcePort, target, targetPort }: FlowTuple): RecallClause {
  const ends = { address: addressText(source), peer: addressText(target) };
  // What ICMP has in place of ports depends on the direction.
  if (protocol !== TCP && protocol !== UDP) return { ...ANYTHING, ...ends, protocol };
  return { ...ANYTHING, ...ends, port: sourcePort, peerPort: targetPort, protocol };
}

function clausesOf(finding: Finding, scope: Scope): RecallClause[] {
  const source = finding.source === null ? null : endpointOf(finding.source);
  const target = finding.target === null ? null : endpointOf(finding.target);
  if (scope.arp) return [{ ...ANYTHING, arp: true, address: (target ?? source)?.address ?? null }];
  if (scope.everybody) return within(ANYTHING, scope);
  if (source === null && target === null) return finding.flows.map(flowClause);
  const ends = {
    address: source?.address ?? null,
    port: source?.port ?? null,
    peer: target?.address ?? null,
    peerPort: target?.port ?? null,
  };
  return within({ ...ANYTHING, ...ends }, scope);
}

/** `firstNs` is when the alert began, to which the finding may be a repeat. null when there are no packets that show it. */
export function proofOf(kind: string, finding: Finding, firstNs: number): Proof | null {
  const scope = SCOPES[kind] === undefined ? {} : SCOPES[kind];
  if (scope === null) return null;
  const clauses = clausesOf(finding, scope);
  if (clauses.length === 0) return null;
  return { fromNs: firstNs - (scope.leadSecs ?? LEAD_SECS) * NS, firstNs, toNs: finding.at, clauses };
}
