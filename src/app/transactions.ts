/** Entries of the transaction logs, as sessions hand them over; who logs them adds time, flow id and addresses. */
import type { DnsAnswer, TlsFacts } from './facts.ts';

export interface DnsTransaction {
  log: 'dns';
  id: number;
  /** Header flags by name: `qr aa tc rd ra ad cd`. */
  flags: string[];
  opcode: string;
  rcode: string | null;
  query: string;
  qtype: string;
  qclass: string;
  answers: DnsAnswer[];
  authority: DnsAnswer[];
  additional: DnsAnswer[];
  edns: { udp_size: number; version: number; do: boolean; client_subnet: string | null } | null;
  /** Time from query to answer; null when only one of both was seen. */
  rtt_ms: number | null;
}

/** A question and what became of it: as much of a DNS transaction as detection rules need. */
export interface Question {
  query: string;
  qtype: string;
  /** null when no answer was seen. */
  rcode: string | null;
}

export interface HttpTransaction {
  log: 'http';
  method: string;
  host: string | null;
  url: string;
  version: string;
  user_agent: string | null;
  referer: string | null;
  request_content_type: string | null;
  request_bytes: number | null;
  status: number | null;
  reason: string | null;
  server: string | null;
  response_content_type: string | null;
  response_bytes: number | null;
}

export interface TlsTransaction {
  log: 'tls';
  tls: TlsFacts;
  ja3: string | null;
  ja3s: string | null;
  ja4: string | null;
}

export type Transaction = DnsTransaction | HttpTransaction | TlsTransaction;
