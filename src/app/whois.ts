/**
 * WHOIS (RFC 3912): one line asks, text answers. The question alone proves nothing; what registries begin their answers with does.
 */
import {
  CLIENT,
  Progress,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { fieldOf, firstLine, LineReader } from './lines.ts';

/** Names, addresses, AS numbers, with the flags of RIPE and ARIN. */
const QUESTION = /^(?:[-+!=]?[A-Za-z]{0,16} )*[\w.:/*@!=-]{1,60} *$/;
const ANSWER =
  /^\s{0,4}(?:% ?(?:IANA WHOIS|This is the|Copyright \(c\)|\[whois\.|By submitting|No entries found|WHOIS )|#\s{1,4}# ARIN WHOIS|\[Querying |Whois Server Version|No match for|Domain Name: [\w.-]{3,}\s+(?:Registry|Registrar|Domain)|Domain Name: [\w.-]{3,40}$|domain: {2,}[\w.-]|NetRange:|inetnum:|NOT FOUND|No Data Found|The queried object does not exist|This is JPRS|\[ JPRS)/i;

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  if (client.length > 0) {
    const { text, ended } = firstLine(client);
    if (!QUESTION.test(text) || (!ended && (client.complete || client.length >= 64))) return Verdict.NO;
    if (!ended) return Verdict.MORE;
  }
  if (server.length === 0) return server.complete ? Verdict.NO : Verdict.MORE;
  const text = Buffer.from(server.bytes.subarray(0, Math.min(server.length, 64))).toString('latin1');
  if (!isText(server.bytes, Math.min(server.length, 64))) return Verdict.NO;
  if (server.length < 64 && !server.complete) return Verdict.MORE;
  if (!ANSWER.test(text)) return Verdict.NO;
  return client.length > 0 || client.complete || server.complete ? Verdict.YES : Verdict.MORE;
}

function isText(bytes: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[i] < 0x20 && bytes[i] !== 0x09 && bytes[i] !== 0x0a && bytes[i] !== 0x0d) return false;
  return true;
}

class WhoisSession implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]) {
    const [client] = heads;
    const lines = new LineReader();
    if (lines.next(client)) this.context.facts.detail('whois').query = fieldOf(client.bytes, lines.start, lines.end);
    this.confirmed = true;
    return Progress.DONE;
  }
}

export const whois: StreamDissector = {
  transport: 'tcp',
  protocol: 'whois',
  ports: [43, 4343],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new WhoisSession(context),
};
