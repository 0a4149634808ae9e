/**
 * SMTP (RFC 5321) and LMTP (RFC 2033): greeting, HELO/EHLO/LHLO, envelope, STARTTLS (RFC 3207), AUTH (RFC 4954). Its greeting
 * looks like FTP's: the client's first command decides, or words of the greeting that only mail servers use.
 */
import { type Command, commandIn, Dialogue, type Reply } from './dialogue.ts';
import { CLIENT, SERVER, type SessionContext, type StreamDissector, type StreamHead, Verdict, type VerdictCode } from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { firstLine, replyCode } from './lines.ts';
import type { ProtocolName } from './protocols.ts';

/** Envelope addresses that are kept. */
const MAX_RECIPIENTS = 8;
const MAX_CAPABILITIES = 24;
const TEXT = 256;

/** Commands with which a client may begin, and no FTP client does. */
const OPENING = new Set(['EHLO', 'HELO', 'LHLO', 'XCLIENT', 'XFORWARD']);
/** Those that it may begin with, and that others have too: the greeting must then say what it is. */
const SHARED = new Set(['QUIT', 'NOOP', 'RSET', 'HELP', 'AUTH', 'MAIL', 'STARTTLS', 'VRFY', 'EXPN', 'RCPT', 'DATA']);

/** 'yes' for a greeting of a mail server, 'maybe' for one that could be, 'no' for none at all. */
function greeting(server: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text } = firstLine(server);
  if (server.length < 4) return /^(?:2|22|220|5|55|554|4|42|421)?$/.test(text) ? 'maybe' : 'no';
  const code = replyCode(server.bytes, server.length, 0);
  if ((code !== 220 && code !== 554 && code !== 421) || (text[3] !== ' ' && text[3] !== '-')) return 'no';
  if (/\bFTP|\bNNTP\b/i.test(text)) return 'no';
  return /\bE?SMTP\b|\bLMTP\b|\bsendmail\b|\bpostfix\b|\bexim\b|Microsoft ESMTP MAIL/i.test(text) ? 'yes' : 'maybe';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const greeted = server.length === 0 ? 'maybe' : greeting(server);
  if (greeted === 'no') return Verdict.NO;
  const { text, ended } = firstLine(client);
  if (client.length === 0) {
    if (!client.complete) return server.complete && greeted === 'yes' ? Verdict.YES : Verdict.MORE;
    return greeted === 'yes' ? Verdict.YES : server.complete ? Verdict.NO : Verdict.MORE;
  }
  const opening = commandIn(text, ended, OPENING);
  if (opening === 'yes') {
    // A client alone must give a whole line with the name of a host or an address literal.
    if (server.length > 0) return Verdict.YES;
    if (text.length >= 64 || (ended && /^\w{4,8} +[\w.:[\]-]+ *$/.test(text))) return Verdict.YES;
    return server.complete && client.complete ? Verdict.NO : Verdict.MORE;
  }
  const shared = commandIn(text, ended, SHARED);
  if (shared === 'yes' && greeted === 'yes') return Verdict.YES;
  if (opening === 'maybe' || shared !== 'no') return client.complete ? Verdict.NO : Verdict.MORE;
  return Verdict.NO;
}

class SmtpSession extends Dialogue {
  label?: ProtocolName;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly recipients: string[] = [];
  private ended = false;

  constructor(context: SessionContext) {
    super();
    this.context = context;
    this.detail = context.facts.detail('smtp');
  }

  protected onCommand({ word, argument }: Command): void {
    const { detail } = this;
    switch (word) {
      case 'EHLO':
      case 'HELO':
      case 'LHLO':
        if (argument.trim() !== '') detail.helo ??= argument.trim().slice(0, TEXT);
        this.confirmed = true;
        break;
      case 'MAIL':
        detail.from ??= address(argument);
        break;
      case 'RCPT':
        if (this.recipients.length < MAX_RECIPIENTS) {
          this.recipients.push(address(argument));
          detail.to = this.recipients;
        }
        break;
      case 'AUTH':
        detail.auth = argument.split(' ', 1)[0].toUpperCase().slice(0, 32);
        this.context.facts.risks.add('cleartext_credentials');
        break;
      case 'STARTTLS':
      case 'X-ANONYMOUSTLS':
        this.waiting = true;
        break;
      case 'DATA':
      case 'BDAT':
        // The message follows; everything of use has been said when it was accepted.
        this.ended = word === 'BDAT';
        this.waiting = true;
        break;
      default:
    }
  }

  protected onReply(reply: Reply, command: Command | null): void {
    const { detail } = this;
    const [first = ''] = reply.lines;
    if (command === null) {
      if (detail.banner !== undefined) return;
      detail.banner = first.slice(0, TEXT);
      const name = /^\[?[\w-]{1,63}(?:\.[\w-]{1,63}){1,16}/.exec(first)?.[0];
      if (name !== undefined && /[A-Za-z]/.test(name)) this.context.facts.nameHost(name.toLowerCase(), 'protocol');
      return;
    }
    this.confirmed = true;
    const { word } = command;
    if ((word === 'EHLO' || word === 'LHLO') && reply.code === 250)
      detail.capabilities = reply.lines.slice(1, MAX_CAPABILITIES + 1).map((line) => line.slice(0, 64));
    if ((word === 'STARTTLS' || word === 'X-ANONYMOUSTLS') && reply.code === 220) {
      this.label = 'smtps';
      detail.starttls = true;
      this.handOver(command, reply);
    }
    if (reply.code >= 400 && detail.error === undefined) detail.error = `${reply.code} ${first}`.slice(0, TEXT);
    if (word === 'DATA' || word === 'BDAT') this.finished = this.ended || reply.code === 354;
  }
}

/** What is between `<` and `>`; without them the word after `FROM:` or `TO:`. */
function address(argument: string): string {
  const path = /<([^<>]*)>/.exec(argument)?.[1] ?? /^(?:FROM|TO): *(\S*)/i.exec(argument)?.[1] ?? '';
  return path.slice(0, TEXT);
}

export const smtp: StreamDissector = {
  transport: 'tcp',
  protocol: 'smtp',
  ports: [25, 587, 2525],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new SmtpSession(context),
};
