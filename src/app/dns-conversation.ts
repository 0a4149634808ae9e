/** What a flow of DNS messages tells: facts, risks, and one log entry per query and answer. Used by DNS, mDNS and LLMNR. */
import { looksGenerated } from './dga.ts';
import type { Datagram, DatagramSession, SessionContext } from './dissector.ts';
import { className, flagNames, isObsoleteType, opcodeName, rcodeName, typeName } from './dns-codes.ts';
import { addressesOf, type DnsMessage, FLAG_RESPONSE, MessageReader } from './dns-message.ts';
import { NameReader } from './dns-names.ts';
import { looksTunnelled } from './dns-tunnel.ts';
import type { DnsFacts } from './facts.ts';
import type { ProtocolName } from './protocols.ts';

/** Queries that wait for their answer; when one more comes, the oldest is logged as not answered. */
const PENDING_LIMIT = 64;
/** RFC 1035 section 4.2.1: larger only with EDNS. */
const PLAIN_LIMIT = 512;

interface Pending {
  message: DnsMessage;
  /** For comparison: names mean the same in any case. */
  name: string;
  sentNs: number;
}

export interface ConversationRules {
  /** Nobody answers by id: queries and answers are logged apart. */
  readonly unpaired: boolean;
  /** Names of the local network: UTF-8, chosen by machines and their owners; what is odd on the Internet is usual here. */
  readonly local: boolean;
  /** Messages of a stream may be long. */
  readonly stream: boolean;
}

/** The letters of host names, `_` of service names, `/` of delegated reverse names (RFC 2317). */
const BAD_CHARACTER = /[^\w./-]/;
const BAD_LOCAL_CHARACTER = /\\\d/;

export class DnsConversation {
  private readonly context: SessionContext;
  private readonly rules: ConversationRules;
  private readonly reader = new MessageReader(new NameReader());
  private readonly facts: DnsFacts;
  private pending: Pending[] = [];
  /** The answer that `facts` shows is there. */
  private answered = false;
  private judged = '';

  constructor(context: SessionContext, rules: ConversationRules) {
    this.context = context;
    this.rules = rules;
    context.facts.dns ??= { query: null, type: null, rcode: null, answers: [], queries: 0, responses: 0 };
    this.facts = context.facts.dns;
  }

  /** Somebody wants to know which answer belongs to which question. */
  private get isPaired(): boolean {
    return this.context.wantsTransactions || (this.context.wantsQuestions && !this.rules.local);
  }

  /** The first question, as `facts` shows it. */
  get firstQuery(): string | null {
    return this.facts.query;
  }

  /** The message in [start, end). False when it is too short for one. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const { context, rules } = this;
    const message = this.reader.read(bytes, start, end, context.wantsTransactions);
    if (message === null) {
      context.facts.risks.add('malformed_packet');
      return false;
    }
    if (message.malformed) context.facts.risks.add('malformed_packet');
    if (message.obsolete || isObsoleteType(message.qtype)) context.facts.risks.add('dns_suspicious_traffic');
    if (message.query !== null && message.query !== this.judged) this.judge(message.query);
    if ((message.bits & FLAG_RESPONSE) === 0) this.onQuery(message);
    else this.onResponse(message, end - start > PLAIN_LIMIT && !rules.stream && !rules.local);
    return true;
  }

  /** The flow has ended: what still waits was not answered. */
  finish(): void {
    for (const { message } of this.pending) this.log(message, null, null);
    this.pending = [];
  }

  private judge(query: string): void {
    const { context, rules } = this;
    this.judged = query;
    const { risks } = context.facts;
    if ((rules.local ? BAD_LOCAL_CHARACTER : BAD_CHARACTER).test(query)) risks.add('invalid_characters');
    if (query.startsWith('xn--') || query.includes('.xn--')) risks.add('punycode_idn');
    if (rules.local) return;
    if (looksGenerated(query)) risks.add('suspicious_dga_domain');
    if (looksTunnelled(query)) risks.add('dns_suspicious_traffic');
  }

  private onQuery(message: DnsMessage): void {
    const { context, facts } = this;
    facts.queries++;
    this.nameFacts(message);
    if (!this.isPaired) return;
    if (this.rules.unpaired) {
      this.log(message, null, null);
      return;
    }
    if (this.pending.length === PENDING_LIMIT) this.log((this.pending.shift() as Pending).message, null, null);
    this.pending.push({ message, name: (message.query ?? '').toLowerCase(), sentNs: context.nowNs });
  }

  private nameFacts(message: DnsMessage): void {
    const { facts, context } = this;
    if (facts.query !== null || message.query === null) return;
    facts.query = message.query;
    facts.type = typeName(message.qtype);
    if (message.query !== '.') context.facts.nameHost(message.query.toLowerCase(), 'protocol');
  }

  private onResponse(message: DnsMessage, long: boolean): void {
    const { context, facts } = this;
    facts.responses++;
    this.nameFacts(message);
    if (message.rcode !== 0) context.facts.risks.add('error_code_detected');
    if (long && message.edns === null) context.facts.risks.add('dns_large_packet');
    this.showAnswer(message);
    const asked = message.query?.toLowerCase();
    if (asked !== undefined) {
      addressesOf(message, (record) => context.facts.learn({ address: record.data, name: asked, ttl: record.ttl }));
    } else if (this.rules.unpaired) {
      this.announce(message);
    }
    if (this.isPaired) this.pair(message, asked ?? '');
  }

  /** The first answer to the first query; a broken name in between must not hide it. */
  private showAnswer(message: DnsMessage): void {
    const { facts } = this;
    if (this.answered) return;
    const same =
      message.query === null || (message.query.toLowerCase() === facts.query?.toLowerCase() && typeName(message.qtype) === facts.type);
    if (!same) return;
    this.answered = true;
    facts.rcode = rcodeName(message.rcode);
    facts.answers = message.answers;
  }

  /** An announcement (RFC 6762 section 8.3) has no question: the owners of its address records are the names. */
  private announce(message: DnsMessage): void {
    const { facts } = this.context;
    const first = message.answers[0];
    if (first !== undefined) facts.nameHost(first.name.toLowerCase(), 'protocol');
    for (const record of message.answers) {
      if (record.type === 'A' || record.type === 'AAAA')
        facts.learn({ address: record.data, name: record.name.toLowerCase(), ttl: record.ttl });
    }
  }

  private pair(response: DnsMessage, name: string): void {
    const { pending } = this;
    for (let i = 0; i < pending.length; i++) {
      const { message } = pending[i];
      if (message.id !== response.id) continue;
      // Some errors come back without the question.
      if (response.query !== null && (pending[i].name !== name || message.qtype !== response.qtype)) continue;
      this.log(message, response, (this.context.nowNs - pending[i].sentNs) / 1e6);
      pending.splice(i, 1);
      return;
    }
    this.log(null, response, null);
  }

  private log(query: DnsMessage | null, response: DnsMessage | null, rttMs: number | null): void {
    const shown = response ?? query;
    if (shown === null) return;
    const asked = query ?? shown;
    const { context } = this;
    if (context.wantsQuestions && !this.rules.local && asked.query !== null) {
      context.question({ query: asked.query, qtype: typeName(asked.qtype), rcode: response === null ? null : rcodeName(response.rcode) });
    }
    if (!context.wantsTransactions) return;
    context.transaction({
      log: 'dns',
      id: shown.id,
      flags: flagNames(shown.bits),
      opcode: opcodeName(shown.opcode),
      rcode: response === null ? null : rcodeName(response.rcode),
      query: asked.query ?? '',
      qtype: asked.query === null ? '' : typeName(asked.qtype),
      qclass: asked.query === null ? '' : className(asked.qclass & (this.rules.local ? 0x7fff : 0xffff)),
      answers: shown.answers,
      authority: shown.authority,
      additional: shown.additional,
      edns: query?.edns ?? shown.edns,
      rtt_ms: rttMs,
    });
  }
}

/** Queries for a DNSCrypt server's certificate (version 2 of the protocol): DNS in form, DNSCrypt in purpose. */
const DNSCRYPT_CERTIFICATE = /^\d{1,3}\.dnscrypt-cert\./i;

/** DNS in datagrams, of whatever kind. Every datagram is a transaction: the session always wants more. */
export class DnsDatagramSession implements DatagramSession {
  confirmed = false;
  label: ProtocolName | undefined;
  private readonly conversation: DnsConversation;

  constructor(context: SessionContext, rules: ConversationRules) {
    this.conversation = new DnsConversation(context, rules);
  }

  advance({ bytes }: Datagram): boolean {
    if (this.conversation.read(bytes, 0, bytes.length)) this.confirmed = true;
    if (this.label === undefined && DNSCRYPT_CERTIFICATE.test(this.conversation.firstQuery ?? '')) this.label = 'dnscrypt';
    return false;
  }

  finish(): void {
    this.conversation.finish();
  }
}
