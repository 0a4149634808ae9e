/** Subversion's ra_svn protocol (subversion/libsvn_ra_svn/protocol of its sources): the greeting and the client's response. */
import { Progress, type StreamDissector, type StreamHead, Verdict, type VerdictCode } from './dissector.ts';
import { indexOfByte, startsWith, textOf } from './text.ts';

const GREETING = '( success ( ';
const RESPONSE = '( 2 ( edit-pipeline ';
const URL_SCHEME = 'svn';
const URL_LIMIT = 512;
/** Words of the response are looked for in its first bytes. */
const RESPONSE_LIMIT = 2048;

function prefixVerdict({ bytes, length }: StreamHead, prefix: string): VerdictCode {
  const known = Math.min(length, prefix.length);
  if (!startsWith(bytes, known, prefix.slice(0, known))) return Verdict.NO;
  return length < prefix.length ? Verdict.MORE : Verdict.YES;
}

/** The string `45:svn://host/path`: a length, a colon, bytes. */
function urlOf({ bytes, length }: StreamHead): string {
  const end = Math.min(length, RESPONSE_LIMIT);
  for (let colon = indexOfByte(bytes, end, 0x3a); colon >= 0; colon = indexOfByte(bytes, end, 0x3a, colon + 1)) {
    if (!startsWith(bytes, end, URL_SCHEME, colon + 1)) continue;
    let digits = colon;
    while (digits > 0 && colon - digits < 4 && bytes[digits - 1] >= 0x30 && bytes[digits - 1] <= 0x39) digits--;
    const size = Number(textOf(bytes.subarray(digits, colon)));
    if (digits < colon && size > 0 && colon + 1 + size <= end) return textOf(bytes.subarray(colon + 1, colon + 1 + size), URL_LIMIT);
  }
  return '';
}

export const svn: StreamDissector = {
  transport: 'tcp',
  protocol: 'svn',
  ports: [3690],
  probe([client, server]) {
    const asked = client.length === 0 ? Verdict.MORE : prefixVerdict(client, RESPONSE);
    const answered = server.length === 0 ? Verdict.MORE : prefixVerdict(server, GREETING);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    return asked === Verdict.YES || answered === Verdict.YES ? Verdict.YES : Verdict.MORE;
  },
  open: ({ facts }) => ({
    confirmed: true,
    advance([client]) {
      const section = facts.detail('svn');
      const url = urlOf(client);
      if (url !== '') {
        section.url = url;
        const host = /^svn(?:\+[a-z]+)?:\/\/(?:[^/@]*@)?([^/:]+)/.exec(url)?.[1];
        if (host !== undefined) facts.nameHost(host, 'protocol');
      }
      return url === '' && !client.complete && client.length < RESPONSE_LIMIT ? Progress.MORE : Progress.DONE;
    },
  }),
};
