/**
 * FTP control connections (RFC 959, 2428, 4217): greeting, login, and the data connections that PORT, EPRT, PASV and EPSV
 * announce. An EPSV reply names no address: the flow that is to be expected then has the address '' and is the server's own.
 */
import { type Command, commandIn, Dialogue, type Reply } from './dialogue.ts';
import { CLIENT, SERVER, type SessionContext, type StreamDissector, type StreamHead, Verdict, type VerdictCode } from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { firstLine, replyCode } from './lines.ts';
import type { ProtocolName } from './protocols.ts';

const MAX_FILES = 8;
const TEXT = 256;

/** Commands that FTP clients begin with, and mail clients do not. */
const OPENING = new Set([
  'USER',
  'FEAT',
  'SYST',
  'HOST',
  'CLNT',
  'OPTS',
  'PBSZ',
  'PROT',
  'ACCT',
  'PASV',
  'EPSV',
  'TYPE',
  'PWD',
  'XPWD',
  'CWD',
  'LIST',
  'RETR',
]);
/** Those that others have too. */
const SHARED = new Set(['AUTH', 'QUIT', 'NOOP', 'HELP', 'STAT', 'PASS']);
/** Commands that no POP3 client sends, where only the client was seen. */
const ONLY_FTP = /^(?:FEAT|SYST|HOST [\w.-]+|CLNT [\w .-]+|OPTS [\w .-]+|PASV|EPSV|TYPE [AI]|PWD|XPWD|CWD \S+)$/im;

function greeting(server: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text } = firstLine(server);
  if (server.length < 4) return /^(?:2|22|220|1|12|120|4|42|421|5|53|530)?$/.test(text) ? 'maybe' : 'no';
  const code = replyCode(server.bytes, server.length, 0);
  if ((code !== 220 && code !== 120 && code !== 421 && code !== 530) || (text[3] !== ' ' && text[3] !== '-')) return 'no';
  if (/\bE?SMTP\b|\bLMTP\b|\bNNTP\b/i.test(text)) return 'no';
  return /FTP|FileZilla|Serv-U|vsFTPd|ProFTPD/i.test(text) ? 'yes' : 'maybe';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const greeted = server.length === 0 ? 'maybe' : greeting(server);
  if (greeted === 'no') return Verdict.NO;
  if (client.length === 0) {
    if (greeted === 'yes' && (client.complete || server.complete)) return Verdict.YES;
    return server.complete && client.complete ? Verdict.NO : Verdict.MORE;
  }
  const { text, ended } = firstLine(client);
  const opening = commandIn(text, ended, OPENING);
  if (opening === 'yes') {
    if (server.length >= 4) return Verdict.YES;
    const seen = Buffer.from(client.bytes.subarray(0, Math.min(client.length, 64))).toString('latin1');
    if (
      seen
        .split(/\r?\n/)
        .slice(0, -1)
        .some((line) => ONLY_FTP.test(line))
    )
      return Verdict.YES;
    return server.complete && (client.complete || client.length >= 64) ? Verdict.NO : Verdict.MORE;
  }
  const shared = commandIn(text, ended, SHARED);
  if (shared === 'yes' && (greeted === 'yes' || (server.length >= 4 && /^AUTH (?:TLS|SSL)\b/i.test(text)))) return Verdict.YES;
  if (opening === 'maybe' || shared !== 'no') return client.complete ? Verdict.NO : Verdict.MORE;
  return Verdict.NO;
}

class FtpSession extends Dialogue {
  label?: ProtocolName;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly files: string[] = [];

  constructor(context: SessionContext) {
    super();
    this.context = context;
    this.detail = context.facts.detail('ftp');
  }

  protected onCommand({ word, argument }: Command): void {
    const { detail } = this;
    const { facts } = this.context;
    switch (word) {
      case 'USER':
        detail.user ??= argument.slice(0, TEXT);
        if (/^(?:anonymous|ftp)$/i.test(argument)) detail.anonymous = true;
        facts.risks.add('unsafe_protocol');
        facts.risks.add('cleartext_credentials');
        break;
      case 'PASS':
        facts.risks.add('cleartext_credentials');
        break;
      case 'PORT':
        this.expect(argument);
        break;
      case 'EPRT':
        this.expectExtended(argument);
        break;
      case 'AUTH':
        this.waiting = true;
        break;
      case 'RETR':
      case 'STOR':
      case 'APPE':
        if (this.files.length < MAX_FILES) {
          this.files.push(`${word} ${argument}`.slice(0, TEXT));
          detail.files = this.files;
        }
        break;
      default:
    }
    if (OPENING.has(word)) this.confirmed = true;
  }

  protected onReply(reply: Reply, command: Command | null): void {
    const { detail } = this;
    const [first = ''] = reply.lines;
    if (command === null) {
      detail.banner ??= first.slice(0, TEXT);
      if (!this.confirmed) this.context.facts.risks.add('unsafe_protocol');
      return;
    }
    this.confirmed = true;
    if (command.word === 'AUTH' && reply.code === 234) {
      this.label = 'ftps';
      detail.auth_tls = true;
      this.context.facts.risks.delete('unsafe_protocol');
      this.handOver(command, reply);
    } else if (reply.code === 227) this.expect(first);
    else if (reply.code === 229) this.expectPassive(first);
    else if (reply.code === 215) detail.system ??= first.slice(0, TEXT);
    else if (reply.code === 230) detail.logged_in = true;
    else if (reply.code === 530 && command.word === 'PASS') {
      detail.logged_in ??= false;
      this.context.facts.risks.add('error_code_detected');
    }
  }

  /** `h1,h2,h3,h4,p1,p2`, in a PORT command or a 227 reply. */
  private expect(text: string): void {
    const numbers = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(text)?.slice(1).map(Number);
    if (numbers === undefined || numbers.some((number) => number > 255)) return;
    this.announce(numbers.slice(0, 4).join('.'), numbers[4] * 256 + numbers[5]);
  }

  /** `|2|::1|1234|` with any delimiter. */
  private expectExtended(text: string): void {
    const parts = text.split(text[0] ?? '|');
    if (parts.length !== 5 || !/^[12]$/.test(parts[1]) || !/^[\d.]{7,15}$|^[\da-f:.]{2,45}$/i.test(parts[2]) || !/^\d{1,5}$/.test(parts[3]))
      return;
    this.announce(parts[2].toLowerCase(), Number(parts[3]));
  }

  /** `Entering Extended Passive Mode (|||1234|)`. */
  private expectPassive(text: string): void {
    const port = /\(([!-/:-~])\1\1(\d{1,5})\1\)/.exec(text)?.[2];
    if (port !== undefined) this.announce('', Number(port));
  }

  private announce(address: string, port: number): void {
    if (port > 0 && port < 65_536) this.context.facts.expect({ address, port, protocol: 'ftp_data' });
  }
}

export const ftp: StreamDissector = {
  transport: 'tcp',
  protocol: 'ftp_control',
  ports: [21, 2121],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new FtpSession(context),
};
