/**
 * SSL 2.0 and 3.0, TLS 1.0 to 1.3 over a byte stream (RFC 6101, RFC 2246, RFC 4346, RFC 5246, RFC 8446).
 *
 * A hello, with the lengths of record and message agreeing, or an alert that fills its record, is enough. Of a connection that
 * is seen from its middle on two records in a row have to fit; that is called TLS, but never confirmed.
 */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { TlsHandshake } from './tls-handshake.ts';
import { Evidence, headEvidence } from './tls-probe.ts';
import { ContentType, HandshakeBuffer, HandshakeType, RecordReader, type TlsRecord } from './tls-records.ts';
import { SSL_2 } from './tls-registry.ts';
import { isSsl2ClientHello, isSsl2ServerHello, parseSsl2ClientHello, parseSsl2ServerHello, ssl2ChosenCipher } from './tls-ssl2.ts';

type Heads = readonly [StreamHead, StreamHead];

/** Records of a connection without a visible handshake after which nothing new is to be expected. */
const OPAQUE_RECORDS = 8;

class TlsSession implements StreamSession {
  private readonly handshake: TlsHandshake;
  private readonly readers: readonly [RecordReader, RecordReader] = [new RecordReader(), new RecordReader()];
  private readonly buffers: readonly [HandshakeBuffer, HandshakeBuffer] = [new HandshakeBuffer(), new HandshakeBuffer()];
  private readonly ciphered: [boolean, boolean] = [false, false];
  private readonly flushed: [boolean, boolean] = [false, false];
  /** Record version of the last handshake record. */
  private version = 0;
  private opaque = 0;
  private contradicted = false;
  private ssl2: 'unknown' | 'no' | 'client hello' | 'both' = 'unknown';

  constructor(context: SessionContext) {
    this.handshake = new TlsHandshake(context, 't');
  }

  get confirmed(): boolean {
    return this.handshake.confirmed;
  }

  advance(heads: Heads): ProgressCode {
    if (this.ssl2 !== 'no' && !this.readSsl2(heads)) return this.state(heads);
    this.walk(CLIENT, heads[CLIENT]);
    this.walk(SERVER, heads[SERVER]);
    return this.state(heads);
  }

  finish(): void {
    this.handshake.finish();
  }

  private state(heads: Heads): ProgressCode {
    const { handshake, readers } = this;
    if (this.contradicted && !handshake.confirmed) return Progress.BROKEN;
    // What follows something else than a record cannot be read; the other side may go on.
    const ended = (heads[CLIENT].complete || readers[CLIENT].broken) && (heads[SERVER].complete || readers[SERVER].broken);
    const silent = this.opaque >= OPAQUE_RECORDS && !handshake.clientSeen && !handshake.serverSeen;
    if (!handshake.over && !this.contradicted && !silent && !ended) return Progress.MORE;
    handshake.finish();
    return handshake.confirmed || !(readers[CLIENT].broken || readers[SERVER].broken) ? Progress.DONE : Progress.BROKEN;
  }

  private walk(side: Side, head: StreamHead): void {
    if (this.handshake.over || this.contradicted) return;
    const reader = this.readers[side];
    for (let record = reader.next(head); record !== null; record = reader.next(head)) {
      this.record(side, record);
      if (this.handshake.over || this.contradicted) return;
    }
    if (!head.complete || this.flushed[side]) return;
    this.flushed[side] = true;
    const rest = this.buffers[side].rest();
    if (rest !== null) this.handshake.cutMessage(side, rest.type, rest.body, this.version);
    this.buffers[side].clear();
  }

  private record(side: Side, record: TlsRecord): void {
    const { handshake } = this;
    switch (record.type) {
      case ContentType.CHANGE_CIPHER_SPEC:
        this.ciphered[side] = true;
        this.buffers[side].clear();
        if (side === SERVER) handshake.serverChangesCipher();
        break;
      case ContentType.ALERT:
        // Two bytes are never under a cipher.
        if (record.length === 2 && record.whole) handshake.alert(record.body[0], record.body[1], record.version);
        else this.opaque++;
        break;
      case ContentType.HANDSHAKE:
        if (this.ciphered[side] && !isHelloAfterRetry(record.body)) handshake.protectedRecord(side, record.length);
        else this.plainHandshake(side, record);
        break;
      case ContentType.APPLICATION_DATA:
        this.opaque++;
        handshake.protectedRecord(side, record.length);
    }
  }

  private plainHandshake(side: Side, record: TlsRecord): void {
    const buffer = this.buffers[side];
    this.version = record.version;
    buffer.append(record.body);
    for (let message = buffer.next(); message !== null; message = buffer.next()) {
      if (this.handshake.message(side, message.type, message.body, record.version)) continue;
      this.contradicted = true;
      return;
    }
    buffer.keep();
  }

  /** True when records of SSL 3.0 or TLS are to be read now. */
  private readSsl2(heads: Heads): boolean {
    const { handshake } = this;
    const [client, server] = heads;
    if (this.ssl2 === 'unknown') {
      const hello = parseSsl2ClientHello(client.bytes, client.length);
      if (hello !== null) {
        handshake.ssl2ClientHello(hello.version, hello.ciphers);
        this.readers[CLIENT].at = hello.length;
        this.ssl2 = 'client hello';
      } else if (client.length > 0 && !isSsl2ClientHello(client.bytes, client.length)) this.ssl2 = 'no';
      else if (isSsl2ClientHello(client.bytes, client.length) && !client.complete) return false;
    }
    if (this.ssl2 === 'no' || server.length === 0) return this.ssl2 === 'no';
    if ((server.bytes[0] & 0x80) === 0) {
      this.ssl2 = 'no';
      return true;
    }
    if (this.ssl2 !== 'both') this.readSsl2Answer(server);
    if (this.ssl2 === 'both') {
      const cipher = ssl2ChosenCipher(client.bytes, this.readers[CLIENT].at, client.length);
      if (cipher !== null) {
        handshake.chosenCipher(cipher);
        handshake.over = true;
      }
    }
    return false;
  }

  private readSsl2Answer(server: StreamHead): void {
    const hello = parseSsl2ServerHello(server.bytes, server.length);
    if (hello !== null) {
      this.handshake.ssl2ServerHello(SSL_2, hello.resumed, hello.certificate);
      this.ssl2 = 'both';
      if (hello.resumed) this.handshake.over = true;
    } else if (server.length >= 13 && !isSsl2ServerHello(server.bytes, server.length)) this.contradicted = true;
  }
}

/** After a HelloRetryRequest both sides send a ChangeCipherSpec that means nothing, and then a hello in clear. */
function isHelloAfterRetry(body: Uint8Array): boolean {
  if (body.length < 4 || (body[0] !== HandshakeType.CLIENT_HELLO && body[0] !== HandshakeType.SERVER_HELLO)) return false;
  return ((body[1] << 16) | (body[2] << 8) | body[3]) === body.length - 4;
}

function probe(heads: Heads): VerdictCode {
  const client = headEvidence(heads[CLIENT], CLIENT);
  const server = headEvidence(heads[SERVER], SERVER);
  if (client === Evidence.PROOF || server === Evidence.PROOF) return Verdict.YES;
  if (client === Evidence.AGAINST || server === Evidence.AGAINST) return Verdict.NO;
  if (client === Evidence.RECORDS || server === Evidence.RECORDS) return Verdict.YES;
  if (client === Evidence.RECORD && server === Evidence.RECORD) return Verdict.YES;
  return Verdict.MORE;
}

export const tls: StreamDissector = {
  transport: 'tcp',
  protocol: 'tls',
  ports: [443, 465, 636, 853, 989, 990, 993, 995, 5061, 5671, 6697, 8443, 8883],
  probe,
  open: (context) => new TlsSession(context),
};
