/**
 * Risks of HTTP messages. What each means is nDPI's definition (its documentation of flow risks), so that both masks agree;
 * where nDPI's test names harmless traffic (`/.well-known/`, UTF-8 text), ours is narrower.
 */
import type { AppFacts } from './facts.ts';
import type { Message } from './http-message.ts';
import { startsWith } from './text.ts';

/** Oldest versions that are not called obsolete: Apache 2.4, nginx 1.22. */
export const OLDEST: Readonly<Record<string, readonly [number, number]>> = { apache: [2, 4], nginx: [1, 22] };

export const EXECUTABLE_TYPES = new Set([
  'application/exe',
  'application/java-vm',
  'application/vnd.ms-cab-compressed',
  'application/vnd.microsoft.portable-executable',
  'application/vnd.android.package-archive',
  'application/x-msdownload',
  'application/x-dosexec',
  'application/x-executable',
  'application/x-mach-binary',
]);
export const EXECUTABLE_NAME = /\.(?:exe|msi|cab|apk|dll|scr)"?$/i;
/** Files whose content is opaque. */
export const OPAQUE_TYPES = new Set([
  'application/octet-stream',
  'application/bz',
  'application/bz2',
  'application/x-tar',
  'application/x-zip',
  'application/x-bzip',
]);
const TEXT_TYPE = /^(?:text\/|[^;]*(?:\/|\+)json|[^;]*x-www-form-urlencoded)/i;

export function riskOfRequest(facts: AppFacts, message: Message, host: string | null): void {
  const { risks } = facts;
  // The fields behind a cut are not missing.
  if (!message.partial || message.userAgent !== null) riskOfUserAgent(facts, message.userAgent);
  riskOfTarget(facts, message.target);
  if (message.authorization === 'basic' || message.authorization === 'digest') risks.add('cleartext_credentials');
  if (message.oddField) risks.add('http_suspicious_header');
  if (host === null || host === '') return;
  if (isNumericHost(host)) risks.add('numeric_ip_host');
  if (message.unprintableHost || !/^[\w.~:[\]-]+$/.test(host)) {
    risks.add('invalid_characters');
    risks.add('possible_exploit');
  }
  if (/(?:^|\.)xn--/i.test(host)) risks.add('punycode_idn');
}

function riskOfUserAgent(facts: AppFacts, agent: string | null): void {
  const { risks } = facts;
  if (agent === null || agent === '') {
    risks.add('http_suspicious_user_agent');
    return;
  }
  const scheme = agent.indexOf('://');
  const oddScheme = scheme > 0 && agent[scheme - 1] !== 'p' && agent[scheme - 1] !== 's';
  if (
    agent.length < 4 ||
    agent.length > 256 ||
    agent.startsWith('<?') ||
    agent.startsWith('test') ||
    /[${}]/.test(agent) ||
    oddScheme ||
    isScrambled(agent)
  ) {
    risks.add('http_suspicious_user_agent');
  }
  if (agent.includes('jndi:')) risks.add('possible_exploit');
  if (/[+ ]http:/.test(agent) || /crawler|bot/i.test(agent)) risks.add('http_crawler_bot');
}

/** One long run of letters of which a fifth or more are capitals: no product is called so. */
function isScrambled(agent: string): boolean {
  if (agent.length <= 12 || !/^[A-Za-z]+$/.test(agent)) return false;
  let capitals = 0;
  for (const letter of agent) if (letter <= 'Z') capitals++;
  return capitals / agent.length >= 0.2;
}

/** Percent decoding, once or twice, without failing on what is not valid. */
function decoded(target: string): string {
  let text = target;
  for (let round = 0; round < 2 && text.includes('%'); round++) {
    text = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return text.replaceAll('+', ' ').toLowerCase();
}

function riskOfTarget(facts: AppFacts, target: string): void {
  const { risks } = facts;
  const path = pathOf(target);
  const lower = path.toLowerCase();
  if (lower.includes('<php>') || lower.startsWith('/shell?')) risks.add('url_possible_rce_injection');
  else if (lower.startsWith('/.') && !lower.startsWith('/.well-known/')) risks.add('possible_exploit');
  // The rest needs a character that only attacks and encodings put into a URL, or a word of attacks.
  if (!/[%<>'"`$();\\]|\.\.|cmd\.exe/.test(lower)) return;
  const text = decoded(path);
  if (/<script|<svg[ /]onload|<img[^>]{0,64}onerror|javascript:[^/]/.test(text)) risks.add('url_possible_xss');
  if (
    /\bunion (?:all )?select\b|'\s*or\s+'?\w{1,16}'?\s*=\s*'?\w|\bselect\b.{1,64}\bfrom information_schema|;\s*drop table\b|\bsleep\(\d{1,3}\)|\bxp_cmdshell\b/.test(
      text,
    )
  ) {
    risks.add('url_possible_sql_injection');
  }
  if (/<\?php|[;|`&]\s{0,4}(?:wget|curl|nc|bash|sh|cat) |\/bin\/(?:ba)?sh\b|\$\(\w|system\(['"]/.test(text))
    risks.add('url_possible_rce_injection');
  if (text.includes('jndi:')) risks.add('possible_exploit');
  if (/\.\.[/\\].{0,256}\.\.[/\\]|cmd\.exe|\/etc\/passwd|win\.ini\b/.test(text) || text.includes('\0')) risks.add('http_suspicious_url');
}

function pathOf(target: string): string {
  const scheme = target.indexOf('://');
  if (scheme < 0 || scheme > 5) return target;
  const slash = target.indexOf('/', scheme + 3);
  return slash < 0 ? '/' : target.slice(slash);
}

/** An IPv4 or IPv6 address, with or without a port. */
export function isNumericHost(host: string): boolean {
  if (/^\[[0-9a-f:.]{2,45}\](?::\d{1,5})?$/i.test(host)) return true;
  const quad = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::\d{1,5})?$/.exec(host);
  return quad?.slice(1, 5).every((part) => Number(part) < 256) ?? false;
}

export function riskOfResponse(facts: AppFacts, message: Message, request: Message | null): void {
  const { risks } = facts;
  const status = message.status ?? 0;
  if (status >= 400 && status < 600) risks.add('error_code_detected');
  if (message.unprintableServer || message.oddField) risks.add('http_suspicious_header');
  const server = /^(apache|nginx)\/(\d{1,4})\.(\d{1,4})\.\d/i.exec(message.server ?? '');
  if (server !== null) {
    const [major, minor] = OLDEST[server[1].toLowerCase()];
    const version = Number(server[2]);
    if (version < major || (version === major && Number(server[3]) < minor)) risks.add('http_obsolete_server');
  }
  if (message.userAgent !== null && message.userAgent !== '') riskOfUserAgent(facts, message.userAgent);
  if (status >= 200 && status < 300) riskOfTransfer(facts, message, request);
}

function riskOfTransfer(facts: AppFacts, message: Message, request: Message | null): void {
  const type = (message.contentType ?? '').split(';', 1)[0].trim().toLowerCase();
  const attached = /^attachment\b/i.test(message.disposition ?? '') && EXECUTABLE_NAME.test(message.disposition ?? '');
  if (EXECUTABLE_TYPES.has(type) || attached) transfersExecutable(facts, request);
  if (OPAQUE_TYPES.has(type) || /^attachment\b/i.test(message.disposition ?? '')) facts.risks.add('binary_data_transfer');
}

function transfersExecutable(facts: AppFacts, request: Message | null): void {
  if (/\.windowsupdate\.com(?::\d{1,5})?$/i.test(request?.host ?? '')) return;
  facts.risks.add('binary_application_transfer');
  if ((request?.userAgent ?? '').startsWith('Java/')) facts.risks.add('possible_exploit');
}

/** By the first bytes of a body; `request` is the message itself when the client sent the body. */
export function riskOfBody(facts: AppFacts, message: Message, request: Message | null, body: Uint8Array): void {
  if (isExecutable(body)) transfersExecutable(facts, request);
  const encoding = message.contentEncoding?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity' || !TEXT_TYPE.test(message.contentType ?? '') || body.length < 4) return;
  if (!looksLikeText(body)) facts.risks.add('http_suspicious_content');
}

function isExecutable(body: Uint8Array): boolean {
  const { length } = body;
  // MZ is followed by the number of bytes in the last page, below 512: text that begins so is not.
  if (startsWith(body, length, 'MZ') && length >= 4 && body[3] <= 1) return true;
  if (startsWith(body, length, '\x7fELF') || startsWith(body, length, '#!/') || startsWith(body, length, 'dex\n0')) return true;
  if (length < 4) return false;
  const magic = ((body[0] << 24) | (body[1] << 16) | (body[2] << 8) | body[3]) >>> 0;
  return magic === 0xcffaedfe || magic === 0xcefaedfe || magic === 0xfeedface || magic === 0xfeedfacf;
}

/** Readable, gzip (declared or not), or UTF-16 with its mark. */
function looksLikeText(body: Uint8Array): boolean {
  if (body[0] === 0x1f && body[1] === 0x8b) return true;
  if ((body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff)) return true;
  for (let i = 0; i < 4; i++) {
    const byte = body[i];
    if ((byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13) || byte === 0x7f || byte >= 0xf8) return false;
  }
  return true;
}
