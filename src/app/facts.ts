/**
 * What is known about the application of one flow. Every text is valid UTF-8 without control characters and bounded;
 * every list is bounded. Sections are null until their protocol has been seen.
 */
import type { RiskName } from './risks.ts';

export interface CertificateFacts {
  subject: string;
  issuer: string;
  /** Subject common name, then the DNS and IP names of subjectAltName, at most 32. */
  names: string[];
  serial: string;
  /** Seconds since the epoch; null when the field could not be read. */
  not_before: number | null;
  not_after: number | null;
  sha1: string;
  sha256: string;
  self_signed: boolean;
}

/** TLS and DTLS. Numbers of the registries are written as 4 lower-case hexadecimal digits; `version` and the like by name. */
export interface TlsFacts {
  /** What the server chose, or what the client offers at best when no server was seen: `TLSv1.3`, `DTLSv1.2`, `SSLv3` … */
  version: string;
  sni: string | null;
  /** True when an encrypted_client_hello extension was offered (GREASE included: they look alike). */
  ech: boolean;
  alpn: string[];
  alpn_chosen: string | null;
  /** The cipher suite that the server chose, by its IANA name, or as 4 digits when unknown. */
  cipher: string | null;
  group: string | null;
  /** GREASE left out, here and in the next two. */
  client_ciphers: readonly string[];
  client_extensions: readonly string[];
  client_versions: readonly string[];
  resumed: boolean;
  established: boolean;
  /** TLS 1.2 and older, the server's chain from the leaf on, at most 4. */
  certificates: Readonly<CertificateFacts>[];
  /** Last alert in clear, `fatal handshake_failure`. */
  alert: string | null;
}

export interface QuicFacts {
  /** `v1`, `v2`, `draft-29` or 8 hexadecimal digits. */
  version: string;
  sni: string | null;
  alpn: string[];
  user_agent: string | null;
  dcid: string;
  scid: string;
}

/** The first request and response of the flow; the transaction log has all of them. */
export interface HttpFacts {
  /** `1.0`, `1.1`, `2`. */
  version: string;
  method: string | null;
  host: string | null;
  /** Request target as sent, at most 1,024 characters. */
  url: string | null;
  status: number | null;
  user_agent: string | null;
  referer: string | null;
  server: string | null;
  request_content_type: string | null;
  response_content_type: string | null;
  requests: number;
}

export interface DnsAnswer {
  name: string;
  type: string;
  ttl: number;
  data: string;
}

/** The first query and its answer; the transaction log has all of them. */
export interface DnsFacts {
  query: string | null;
  type: string | null;
  rcode: string | null;
  answers: DnsAnswer[];
  queries: number;
  responses: number;
}

export interface SshFacts {
  client: string | null;
  server: string | null;
  /** Chosen by the rule of RFC 4253 from both KEXINITs. */
  kex: string | null;
  host_key: string | null;
  cipher: string | null;
  mac: string | null;
  compression: string | null;
}

export type DetailValue = string | number | boolean | null | string[] | number[];

/** An address and port that a control connection announced for another flow (FTP data, TFTP, RTP of SIP …). */
export interface ExpectedFlow {
  /** Text form. */
  address: string;
  port: number;
  protocol: 'ftp_data' | 'rtp' | 'rtcp' | 'tftp';
}

/** A name that an answer gave to an address. */
export interface LearnedName {
  address: string;
  name: string;
  ttl: number;
}

/** How sure a host name is: read in this flow, or remembered from a DNS answer to the same client. */
export type HostSource = 'tls_sni' | 'quic_sni' | 'http_host' | 'dns_answer' | 'protocol';

const NO_FLOWS: ExpectedFlow[] = [];
const NO_NAMES: LearnedName[] = [];

export class AppFacts {
  tls: TlsFacts | null = null;
  quic: QuicFacts | null = null;
  http: HttpFacts | null = null;
  dns: DnsFacts | null = null;
  ssh: SshFacts | null = null;
  ja3: string | null = null;
  ja3s: string | null = null;
  ja4: string | null = null;
  ja4_r: string | null = null;
  hassh: string | null = null;
  hassh_server: string | null = null;
  // Made when somebody asks: most flows have none of them, and there may be a hundred thousand.
  #details: Map<string, Record<string, DetailValue>> | null = null;
  #risks: Set<RiskName> | null = null;
  #expected: ExpectedFlow[] = NO_FLOWS;
  #learned: LearnedName[] = NO_NAMES;
  host: string | null = null;
  hostSource: HostSource | null = null;

  /** What other protocols say of themselves, by protocol; at most 16 keys each. */
  get details(): Map<string, Record<string, DetailValue>> {
    this.#details ??= new Map();
    return this.#details;
  }

  get risks(): Set<RiskName> {
    this.#risks ??= new Set();
    return this.#risks;
  }

  get hasDetails(): boolean {
    return this.#details !== null && this.#details.size > 0;
  }

  get hasRisks(): boolean {
    return this.#risks !== null && this.#risks.size > 0;
  }

  /** Flows that were announced; whoever takes them empties the list. */
  get expected(): readonly ExpectedFlow[] {
    return this.#expected;
  }

  /** Names that were learned, likewise. */
  get learned(): readonly LearnedName[] {
    return this.#learned;
  }

  /** What was announced and learned has been passed on. */
  forgetReports(): void {
    this.#expected = NO_FLOWS;
    this.#learned = NO_NAMES;
  }

  /** The section of a protocol that has none of its own; made when it is not there yet. */
  detail(protocol: string): Record<string, DetailValue> {
    let section = this.details.get(protocol);
    if (section === undefined) {
      section = {};
      this.details.set(protocol, section);
    }
    return section;
  }

  /** The first host name stays, unless a surer source comes. */
  nameHost(host: string, source: HostSource): void {
    if (host === '' || this.host !== null) return;
    this.host = host;
    this.hostSource = source;
  }

  expect(flow: ExpectedFlow): void {
    if (this.#expected.length === 0) this.#expected = [];
    if (this.#expected.length < 16) this.#expected.push(flow);
  }

  learn(name: LearnedName): void {
    if (this.#learned.length === 0) this.#learned = [];
    if (this.#learned.length < 64) this.#learned.push(name);
  }
}
