/**
 * NNTP (RFC 3977, 4642, 4643), the protocol of Usenet: greeting 200 or 201, then its own commands. A greeting that names it is
 * enough where the client was not seen.
 */
import { type Command, commandIn, Dialogue, type Reply } from './dialogue.ts';
import { CLIENT, SERVER, type SessionContext, type StreamDissector, type StreamHead, Verdict, type VerdictCode } from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { firstLine } from './lines.ts';

const OPENING = new Set([
  'CAPABILITIES',
  'MODE',
  'AUTHINFO',
  'GROUP',
  'ARTICLE',
  'XOVER',
  'OVER',
  'IHAVE',
  'NEWGROUPS',
  'NEWNEWS',
  'XHDR',
  'LISTGROUP',
  'POST',
  'LIST',
  'DATE',
  'HELP',
  'QUIT',
  'STAT',
  'HEAD',
  'BODY',
]);
/** Commands with their arguments that no other protocol has: enough without the greeting. */
const OWN = /^(?:CAPABILITIES|MODE (?:READER|STREAM)|AUTHINFO (?:USER|SASL) \S+|XOVER \d+(?:-\d*)?|LISTGROUP(?: \S+)?|NEWGROUPS \d+ \d+)$/i;

function greeting(server: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text } = firstLine(server);
  if (server.length < 4) return '200 '.startsWith(text) || '201 '.startsWith(text) ? 'maybe' : 'no';
  if (!/^(?:20[01]|400|50[02])(?: |$)/.test(text)) return 'no';
  return /\bNNTP\b|NNRP|InterNetNews|\bINN\b|Usenet|news(?:\.|group|server|reader)|posting (?:ok|allowed|prohibited|permitted)|no posting/i.test(
    text,
  )
    ? 'yes'
    : 'maybe';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const greeted = server.length === 0 ? 'maybe' : greeting(server);
  if (greeted === 'no') return Verdict.NO;
  if (client.length === 0) {
    if (greeted === 'yes' && (client.complete || server.complete)) return Verdict.YES;
    return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  }
  const { text, ended } = firstLine(client);
  if (ended && OWN.test(text)) return server.length >= 4 || server.complete ? Verdict.YES : Verdict.MORE;
  const opening = commandIn(text, ended, OPENING);
  if (opening === 'yes' && greeted === 'yes') return Verdict.YES;
  return opening === 'no' || client.complete ? Verdict.NO : Verdict.MORE;
}

class UsenetSession extends Dialogue {
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;

  constructor(context: SessionContext) {
    super();
    this.context = context;
    this.detail = context.facts.detail('usenet');
  }

  protected onCommand({ word, argument }: Command): void {
    const { detail } = this;
    if (OPENING.has(word)) this.confirmed = true;
    if (word === 'AUTHINFO') {
      const [kind, name = ''] = argument.split(' ', 2);
      if (kind.toUpperCase() === 'USER') detail.user ??= name.slice(0, 256);
      else if (kind.toUpperCase() === 'PASS') this.context.facts.risks.add('cleartext_credentials');
    } else if (word === 'GROUP' || word === 'LISTGROUP') detail.group ??= argument.slice(0, 256);
    else if (word === 'STARTTLS') this.waiting = true;
    // Articles follow: their lines are neither commands nor replies.
    else if (word === 'POST' || word === 'IHAVE' || word === 'ARTICLE' || word === 'BODY') this.finished = true;
  }

  protected onReply(reply: Reply, command: Command | null): void {
    if (command === null) this.detail.banner ??= (reply.lines[0] ?? '').slice(0, 256);
    else {
      this.confirmed = true;
      if (command.word === 'STARTTLS' && reply.code === 382) this.handOver(command, reply);
    }
  }
}

export const usenet: StreamDissector = {
  transport: 'tcp',
  protocol: 'usenet',
  ports: [119],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new UsenetSession(context),
};
