/**
 * What the application layer says of a flow, as the object that becomes part of the flow record. Between shard and
 * record it travels as JSON text.
 */

import type { OsRecord } from '../fingerprint/os-labels.ts';
import type { CertificateFacts, DetailValue, DnsFacts, HostSource, HttpFacts, QuicFacts, SshFacts, TlsFacts } from './facts.ts';
import type { BuiltinLabel } from './flow-app.ts';
import { guessByPort } from './port-guess.ts';
import { type ProtocolName, protocolEntry } from './protocols.ts';
import { type RiskName, type RiskSeverity, riskByName } from './risks.ts';

/** How sure a label is: read from content; read from too little to be certain; nDPI's guess; guessed from the port; the IP protocol; not at all. */
export type AppConfidence = 'dpi' | 'dpi_partial' | 'guess' | 'port' | 'ip_protocol' | 'none';
/** `shed`: nobody looked at the content, because the sensor was overloaded; what is said is the port's guess, or `unknown`. */
export type AppSource = 'builtin' | 'ndpi' | 'port' | 'header' | 'shed';

export interface AppLabel {
  protocol: string;
  /** What carries it (`tls` for `google`, `socks` for `tls`), or null. */
  master: string | null;
  category: string;
  confidence: AppConfidence;
  source: AppSource;
}

export interface RiskRecord {
  id: number;
  name: string;
  severity: RiskSeverity;
  score: number;
}

/** The part of the flow record that is the application layer's; `null` and empty where nothing is known. */
export interface AppNote {
  /** Protocols from the outermost in, joined by commas. */
  service: string | null;
  app: AppLabel | null;
  risks: RiskRecord[];
  /** Bits of `risks` by their ids, 16 hexadecimal digits after `0x`. */
  risk_mask: string;
  risk_score: number;
  host: string | null;
  host_source: HostSource | null;
  tls: TlsFacts | null;
  quic: QuicFacts | null;
  http: HttpFacts | null;
  dns: DnsFacts | null;
  ssh: SshFacts | null;
  ja3: string | null;
  ja3s: string | null;
  ja4: string | null;
  ja4_r: string | null;
  hassh: string | null;
  hassh_server: string | null;
  /** What the endpoint's SYN or SYN+ACK looks like. */
  os_a: OsRecord | null;
  os_b: OsRecord | null;
  /** Of protocols without a section of their own, by protocol. */
  app_details: Record<string, Record<string, DetailValue>> | null;
}

export type { CertificateFacts };

export function maskOf(risks: readonly RiskRecord[]): string {
  const mask = risks.reduce((bits, { id }) => bits | (1n << BigInt(id)), 0n);
  return `0x${mask.toString(16).padStart(16, '0')}`;
}

const EMPTY: AppNote = {
  service: null,
  app: null,
  risks: [],
  risk_mask: maskOf([]),
  risk_score: 0,
  host: null,
  host_source: null,
  tls: null,
  quic: null,
  http: null,
  dns: null,
  ssh: null,
  ja3: null,
  ja3s: null,
  ja4: null,
  ja4_r: null,
  hassh: null,
  hassh_server: null,
  os_a: null,
  os_b: null,
  app_details: null,
};

/** A note that says nothing. */
export function emptyNote(): AppNote {
  return { ...EMPTY, risks: [] };
}

const BY_IP_PROTOCOL = new Map<number, ProtocolName>([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipip'],
  [8, 'egp'],
  [41, 'ipip'],
  [47, 'gre'],
  [50, 'ipsec'],
  [51, 'ipsec'],
  [58, 'icmpv6'],
  [89, 'ospf'],
  [103, 'pim'],
  [112, 'vrrp'],
  [113, 'pgm'],
  [132, 'sctp'],
]);

/** What the IP header alone says of a flow without ports. */
export function headerLabel(ipProtocol: number): AppLabel | null {
  const protocol = BY_IP_PROTOCOL.get(ipProtocol);
  if (protocol === undefined) return null;
  return { protocol, master: null, category: protocolEntry(protocol).category, confidence: 'ip_protocol', source: 'header' };
}

/** A guess from the ports, for flows that no parser knew. */
export function portLabel(ipProtocol: number, serverPort: number, clientPort: number): AppLabel | null {
  const protocol = guessByPort(ipProtocol, serverPort, clientPort);
  if (protocol === null) return null;
  return { protocol, master: null, category: protocolEntry(protocol).category, confidence: 'port', source: 'port' };
}

/** Of a flow whose content nobody looked at, with what its ports suggest. */
export function shedLabel(guess: AppLabel | null): AppLabel {
  if (guess !== null) return { ...guess, source: 'shed' };
  return { protocol: 'unknown', master: null, category: 'unknown', confidence: 'none', source: 'shed' };
}

/** Labels without a master, of which there are two for each protocol: confirmed, and not. */
const sure = new Map<ProtocolName, AppLabel>();
const unsure = new Map<ProtocolName, AppLabel>();

/** Shared by the flows that have it: not to be changed. */
export function builtinLabel({ protocol, master, confirmed }: Pick<BuiltinLabel, 'protocol' | 'master' | 'confirmed'>): Readonly<AppLabel> {
  const labels = confirmed ? sure : unsure;
  let label = master === null ? labels.get(protocol) : undefined;
  if (label === undefined) {
    label = {
      protocol,
      master,
      category: protocolEntry(protocol).category,
      confidence: confirmed ? 'dpi' : 'dpi_partial',
      source: 'builtin',
    };
    if (master === null) labels.set(protocol, label);
  }
  return label;
}

/** Adds a risk that no parser can see, because it is a matter of the whole flow. */
export function addRisk(note: AppNote, name: RiskName): void {
  if (note.risks.some((risk) => risk.name === name)) return;
  note.risks = [...note.risks, riskByName(name)].sort((a, b) => a.id - b.id);
  note.risk_mask = maskOf(note.risks);
  note.risk_score = note.risks.reduce((sum, { score }) => sum + score, 0);
}
