/**
 * XMPP (RFC 6120), once Jabber: an XML stream that begins with <stream:stream>, or, in the middle of one, stanzas with the
 * attributes of XMPP. STARTTLS hands over after <proceed/>.
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
  type Successor,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';

const PROBE = 64;
const MAX_MECHANISMS = 16;
const TEXT = 256;
/** How much of each side is searched. */
const MAX_SEARCH = 8192;
/** A tag that is cut between two segments is no longer than this: searches begin so far before the new bytes. */
const OVERLAP = 512;

const STREAM = /^\s*(?:<\?xml[^<>]{0,60}\?>\s*)?<stream:stream\s/;
const STANZA =
  /^\s*<(?:iq|message|presence)\s[^<>]{0,64}(?:type=['"](?:get|set|result|error|chat|groupchat|headline|normal|unavailable|subscribe|subscribed)['"]|(?:to|from)=['"][^'"@\s]{1,60}@[\w.-])/;
const STREAM_END = '</stream:stream>';

type Begins = 'stream' | 'stanza' | 'maybe' | 'no';

function begins(head: StreamHead): Begins {
  if (head.length === 0) return 'maybe';
  const text = Buffer.from(head.bytes.subarray(0, Math.min(head.length, PROBE))).toString('latin1');
  if (STREAM.test(text)) return 'stream';
  if (STANZA.test(text) || text.startsWith(STREAM_END)) return 'stanza';
  if (head.length >= PROBE || head.complete) return /^\s*<\?xml[^<>]{0,60}\?>\s*$/.test(text) && !head.complete ? 'maybe' : 'no';
  return couldBegin(text) ? 'maybe' : 'no';
}

/** What is there may still become the beginning of a stream or of a stanza. */
function couldBegin(text: string): boolean {
  const rest = text.replace(/^\s*(?:<\?xml[^<>]{0,60}\?>\s*)?/, '');
  if (rest === '') return true;
  if (['<?xml ', '<stream:stream ', '<iq ', '<message ', '<presence ', STREAM_END].some((known) => known.startsWith(rest))) return true;
  return /^<(?:\?xml|iq|message|presence)\s[^<>]*$/.test(rest);
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = begins(heads[CLIENT]);
  const server = begins(heads[SERVER]);
  if (client === 'no' || server === 'no') return Verdict.NO;
  if (client !== 'maybe' || server === 'stream' || (server === 'stanza' && heads[CLIENT].complete)) return Verdict.YES;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

class XmppSession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly seen: [number, number] = [0, 0];
  /** Offset behind <starttls/> and behind <proceed/>. */
  private asked = -1;
  private proceed = -1;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('jabber');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) this.readSide(heads[side], side);
    if (this.asked >= 0 && (this.proceed >= 0 || heads[SERVER].complete)) {
      this.detail.starttls = true;
      this.successor = { offsets: [this.asked, Math.max(this.proceed, 0)] };
      return Progress.HAND_OVER;
    }
    const ended = (side: Side) => heads[side].complete || heads[side].length >= MAX_SEARCH;
    return ended(CLIENT) && ended(SERVER) ? Progress.DONE : Progress.MORE;
  }

  private readSide(head: StreamHead, side: Side): void {
    const end = Math.min(head.length, MAX_SEARCH);
    if (end <= this.seen[side]) return;
    const start = Math.max(this.seen[side] - OVERLAP, 0);
    const text = Buffer.from(head.bytes.subarray(start, end)).toString('latin1');
    this.seen[side] = end;
    this.onStream(text, side);
    if (side === CLIENT) this.onClient(text, start);
    else this.onServer(text, start);
  }

  private onStream(text: string, side: Side): void {
    const tag = /<stream:stream\s[^<>]{0,400}>/.exec(text)?.[0];
    if (tag === undefined) {
      if (/<(?:iq|message|presence)\s/.test(text) || text.includes(STREAM_END)) this.confirmed = true;
      return;
    }
    this.confirmed = true;
    const attribute = (name: string) => new RegExp(`\\s${name}=['"]([^'"<>]{1,256})['"]`).exec(tag)?.[1].replace(/[^\x20-\x7e]/g, '?');
    const to = attribute('to');
    const from = attribute('from');
    if (to !== undefined) this.detail.to ??= to;
    if (from !== undefined) this.detail.from ??= from;
    const host = side === CLIENT ? to : from;
    if (host !== undefined && /^[\w.-]{1,253}$/.test(host)) this.context.facts.nameHost(host.toLowerCase(), 'protocol');
    const namespace = attribute('xmlns');
    if (namespace !== undefined) this.detail.namespace ??= namespace.slice(0, TEXT);
  }

  private onClient(text: string, start: number): void {
    const tls = /<starttls\s[^<>]{0,128}(?:\/>|>\s{0,8}<\/starttls>)/.exec(text);
    if (tls !== null && this.asked < 0) this.asked = start + tls.index + tls[0].length;
    const mechanism = /<auth\s[^<>]{0,256}?mechanism=['"]([\w-]{1,32})['"]/.exec(text)?.[1];
    if (mechanism !== undefined) {
      this.detail.auth = mechanism;
      if (mechanism === 'PLAIN') this.context.facts.risks.add('cleartext_credentials');
    }
    // XEP-0078: name and password in a stanza.
    if (text.includes('jabber:iq:auth') && text.includes('<password>')) this.context.facts.risks.add('cleartext_credentials');
  }

  private onServer(text: string, start: number): void {
    const proceed = /<proceed\s[^<>]{0,128}(?:\/>|>\s{0,8}<\/proceed>)/.exec(text);
    if (proceed !== null && this.proceed < 0) this.proceed = start + proceed.index + proceed[0].length;
    const list = /<mechanisms\s[^>]{0,128}>(.{1,400})/s.exec(text)?.[1];
    if (list === undefined || this.detail.mechanisms !== undefined || !list.includes('</mechanisms>')) return;
    this.detail.mechanisms = [...list.matchAll(/<mechanism>([\w-]{1,32})</g)].slice(0, MAX_MECHANISMS).map((match) => match[1]);
  }
}

export const xmpp: StreamDissector = {
  transport: 'tcp',
  protocol: 'jabber',
  ports: [5222, 5269, 5280],
  probe,
  open: (context) => new XmppSession(context),
};
