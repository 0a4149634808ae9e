/** Turns the messages of one handshake, of TLS or DTLS, into facts, risks and one transaction. */
import { clientShape } from '../fingerprint/client-shape.ts';
import { ja3s } from '../fingerprint/ja3.ts';
import { Cursor } from './cursor.ts';
import { CLIENT, SERVER, type SessionContext, type Side } from './dissector.ts';
import type { TlsFacts } from './facts.ts';
import { hexNumber } from './text.ts';
import { isWeakCipher } from './tls-cipher-suites.ts';
import { type ClientHello, parseClientHello, parseTruncatedClientHello } from './tls-client-hello.ts';
import { HandshakeType } from './tls-records.ts';
import { ALERT_FATAL, alertName, cipherText, groupName, isGrease, isTls13, versionName } from './tls-registry.ts';
import { addCertificateRisks, addClientRisks, isObsolete } from './tls-risks.ts';
import { parseServerHello, resumesSession, type ServerHello } from './tls-server-hello.ts';
import { isForHost, parseCertificate } from './x509.ts';

/** Entries of the lists in the facts; real hellos have up to about 200 ciphers. */
const LIST_LIMIT = 256;
const CERTIFICATE_LIMIT = 4;
/** In TLS 1.3 the alert with which a client refuses looks like data, but is shorter than any Finished. */
const SHORTEST_FINISHED = 40;
const NAMED_CURVE = 3;
const NO_ID = new Uint8Array(0);

function codes(list: readonly number[]): string[] {
  return list.slice(0, LIST_LIMIT).map((code) => hexNumber(code, code > 0xffff ? 6 : 4));
}

/** A host name as it is compared: small letters, no trailing dot. Empty when the text cannot be one. */
function hostOf(sni: string): string {
  const name = sni.endsWith('.') ? sni.slice(0, -1) : sni;
  return name.length > 253 || /[\s?\uFFFD"'<>\\,;]/u.test(name) ? '' : name.toLowerCase();
}

export class TlsHandshake {
  /** A hello, or another message of known form, has been read to its end. */
  confirmed = false;
  clientSeen = false;
  /** Both sides have finished, or one has given up: nothing more is in clear. */
  over = false;
  private readonly context: SessionContext;
  private readonly transport: 't' | 'd';
  private server: ServerHello | null = null;
  private offeredId: Uint8Array = NO_ID;
  private offersPsk = false;
  private bestOffer = 0;
  private host = '';
  private certificateNames: readonly string[] | null = null;
  private serverHelloDone = false;
  /** Per side: something under the negotiated cipher was sent, something longer than an alert. */
  private readonly protectedSeen: [boolean, boolean] = [false, false];
  private readonly protectedLong: [boolean, boolean] = [false, false];
  private emitted = false;

  constructor(context: SessionContext, transport: 't' | 'd') {
    this.context = context;
    this.transport = transport;
  }

  get serverSeen(): boolean {
    return this.server !== null;
  }

  /** One whole handshake message. False when it cannot come from that side, or is not what its type says. */
  message(side: Side, type: number, body: Uint8Array, version: number): boolean {
    switch (type) {
      case HandshakeType.CLIENT_HELLO:
        return side === CLIENT && (this.clientSeen || this.clientHello(parseClientHello(body)) || this.malformedHello(body));
      case HandshakeType.SERVER_HELLO:
        return side === SERVER && this.serverHello(parseServerHello(body));
      case HandshakeType.CERTIFICATE:
        return side === CLIENT || this.certificates(body, version, true);
      case HandshakeType.SERVER_KEY_EXCHANGE:
        if (side === SERVER) this.keyExchange(body);
        return side === SERVER;
      case HandshakeType.SERVER_HELLO_DONE:
        this.serverHelloDone = side === SERVER;
        return side === SERVER && body.length === 0;
      default:
        return true;
    }
  }

  /** The beginning of a message whose end will not be seen. */
  cutMessage(side: Side, type: number, body: Uint8Array, version: number): void {
    if (side === CLIENT && type === HandshakeType.CLIENT_HELLO && !this.clientSeen) this.clientHello(parseTruncatedClientHello(body));
    if (side === SERVER && type === HandshakeType.CERTIFICATE) this.certificates(body, version, false);
  }

  /** A ClientHello in the format of SSL 2.0. */
  ssl2ClientHello(version: number, ciphers: readonly number[]): void {
    const tls = this.section(version);
    tls.client_ciphers = codes(ciphers);
    tls.client_versions = [versionName(version)];
    this.bestOffer = version;
    this.clientSeen = true;
    this.confirmed = true;
  }

  ssl2ServerHello(version: number, resumed: boolean, certificate: Uint8Array | null): void {
    const tls = this.section(version);
    tls.version = versionName(version);
    tls.resumed = resumed;
    this.context.facts.risks.add('tls_obsolete_version');
    if (certificate !== null) this.certificate(certificate, tls);
    this.confirmed = true;
  }

  chosenCipher(code: number): void {
    if (this.context.facts.tls !== null) this.context.facts.tls.cipher = cipherText(code);
    if (isWeakCipher(code)) this.context.facts.risks.add('tls_weak_cipher');
  }

  alert(level: number, description: number, version: number): void {
    const name = alertName(level, description);
    if (name === null) return;
    this.section(version).alert = name;
    if (level !== ALERT_FATAL) return;
    this.context.facts.risks.add('tls_fatal_alert');
    if (this.clientSeen) this.over = true;
  }

  /** A ChangeCipherSpec of the server that follows its ServerHello at once takes up an older session. */
  serverChangesCipher(): void {
    const { tls } = this.context.facts;
    if (tls === null || this.server === null || isTls13(this.server.version)) return;
    if (!this.serverHelloDone && this.certificateNames === null) tls.resumed = true;
  }

  /** A record under the negotiated cipher: a Finished, or data. */
  protectedRecord(side: Side, length: number): void {
    this.protectedSeen[side] = true;
    if (length >= SHORTEST_FINISHED) this.protectedLong[side] = true;
    this.settle();
  }

  /** Nothing more will be seen. */
  finish(): void {
    const { facts } = this.context;
    if (this.emitted || facts.tls === null) return;
    this.emitted = true;
    if (this.server === null && isObsolete(this.bestOffer)) facts.risks.add('tls_obsolete_version');
    if (!this.context.wantsTransactions) return;
    this.context.transaction({ log: 'tls', tls: facts.tls, ja3: facts.ja3, ja3s: facts.ja3s, ja4: facts.ja4 });
  }

  private settle(): void {
    const { tls } = this.context.facts;
    if (tls === null || !this.protectedSeen[SERVER] || !this.protectedSeen[CLIENT]) return;
    if (this.server !== null && isTls13(this.server.version) && !this.protectedLong[CLIENT]) return;
    tls.established = true;
    this.over = true;
  }

  private section(version: number): TlsFacts {
    this.context.facts.tls ??= {
      version: versionName(version),
      sni: null,
      ech: false,
      alpn: [],
      alpn_chosen: null,
      cipher: null,
      group: null,
      client_ciphers: [],
      client_extensions: [],
      client_versions: [],
      resumed: false,
      established: false,
      certificates: [],
      alert: null,
    };
    return this.context.facts.tls;
  }

  private clientHello(hello: ClientHello | null): boolean {
    if (hello === null) return false;
    const { facts } = this.context;
    const tls = this.section(hello.bestVersion);
    if (this.server === null) tls.version = versionName(hello.bestVersion);
    tls.sni = hello.sni;
    tls.ech = hello.encryptedClientHello;
    tls.alpn = hello.alpn;
    const shape = clientShape(hello, this.transport);
    tls.client_ciphers = shape.ciphers;
    tls.client_extensions = shape.extensions;
    tls.client_versions = shape.versions;
    if (!hello.truncated) {
      facts.ja3 = shape.ja3;
      facts.ja4 = shape.ja4;
      facts.ja4_r = shape.ja4_r;
      addClientRisks(facts.risks, hello);
    }
    this.host = hostOf(hello.sni ?? '');
    facts.nameHost(this.host, 'tls_sni');
    this.offeredId = hello.sessionId;
    this.offersPsk = hello.preSharedKey;
    this.bestOffer = hello.bestVersion;
    this.clientSeen = true;
    this.confirmed = true;
    this.compareNames();
    if (this.server !== null) this.judgeResumption(this.server, tls);
    return true;
  }

  /** The beginning may still tell the name, and who sends the like is worth knowing. */
  private malformedHello(body: Uint8Array): boolean {
    const isReadable = this.clientHello(parseTruncatedClientHello(body));
    if (isReadable) this.context.facts.risks.add('malformed_packet');
    return isReadable;
  }

  private serverHello(hello: ServerHello | null): boolean {
    if (hello === null) return false;
    // A HelloRetryRequest says already what the real one will repeat.
    if (this.server !== null && !this.server.helloRetryRequest) return true;
    const { facts } = this.context;
    const tls = this.section(hello.version);
    this.server = hello;
    tls.version = versionName(hello.version);
    this.chosenCipher(hello.cipher);
    if (hello.alpn !== null) tls.alpn_chosen = hello.alpn;
    if (hello.group !== null && !isGrease(hello.group)) tls.group = groupName(hello.group);
    // Of the two that a retry leads to the first is kept, as JA3 is the one of the first ClientHello.
    facts.ja3s ??= ja3s(hello);
    if (isObsolete(hello.version)) facts.risks.add('tls_obsolete_version');
    this.judgeResumption(hello, tls);
    this.confirmed = true;
    return true;
  }

  private judgeResumption(hello: ServerHello, tls: TlsFacts): void {
    if (isTls13(hello.version)) tls.resumed = hello.preSharedKey && (this.offersPsk || !this.clientSeen);
    else if (resumesSession(hello, this.offeredId)) tls.resumed = true;
  }

  /** A chain, the server's own certificate first (RFC 5246 section 7.4.2). */
  private certificates(body: Uint8Array, version: number, whole: boolean): boolean {
    const cursor = new Cursor(body);
    const list = cursor.part(cursor.u24());
    if (whole && (cursor.overrun || cursor.left > 0)) return false;
    const tls = this.section(version);
    while (list.left >= 3 && tls.certificates.length < CERTIFICATE_LIMIT) {
      const der = list.take(list.u24());
      if (list.overrun || !this.certificate(der, tls)) break;
      this.confirmed = true;
    }
    return true;
  }

  private certificate(der: Uint8Array, tls: TlsFacts): boolean {
    const certificate = parseCertificate(der);
    if (certificate === null) return false;
    if (tls.certificates.length === 0) {
      this.certificateNames = certificate.names;
      addCertificateRisks(this.context.facts.risks, certificate.facts, this.context.epochSecs);
      this.compareNames();
    }
    tls.certificates.push(certificate.facts);
    return true;
  }

  private compareNames(): void {
    const names = this.certificateNames;
    if (names === null || names.length === 0 || this.host === '') return;
    if (!isForHost(names, this.host)) this.context.facts.risks.add('tls_certificate_mismatch');
  }

  /** The curve of an ephemeral key exchange (RFC 8422 section 5.4). */
  private keyExchange(body: Uint8Array): void {
    const { tls } = this.context.facts;
    if (tls?.cipher?.includes('ECDH') && body.length > 3 && body[0] === NAMED_CURVE) tls.group = groupName((body[1] << 8) | body[2]);
  }
}
