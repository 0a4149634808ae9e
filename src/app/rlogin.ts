/** rlogin (RFC 1282): the client's user names and terminal between zero bytes, and the zero with which the server answers. */
import { Progress, type StreamDissector, type StreamHead, Verdict } from './dissector.ts';
import { indexOfByte, textOf } from './text.ts';

const STRINGS_LIMIT = 64;

/** `\0client-user\0server-user\0terminal/speed\0`, null when it is not that, undefined when it is not whole. */
function stringsOf({ bytes, length }: StreamHead): string[] | null | undefined {
  const end = Math.min(length, STRINGS_LIMIT);
  if (end === 0) return undefined;
  if (bytes[0] !== 0) return null;
  const texts: string[] = [];
  let at = 1;
  while (texts.length < 3) {
    const stop = indexOfByte(bytes, end, 0, at);
    for (let i = at; i < (stop < 0 ? end : stop); i++) if (bytes[i] < 0x21 || bytes[i] > 0x7e) return null;
    if (stop < 0) return end === STRINGS_LIMIT ? null : undefined;
    texts.push(textOf(bytes.subarray(at, stop)));
    at = stop + 1;
  }
  const [own, remote, terminal] = texts;
  return own !== '' && remote !== '' && /^[\w.+-]{2,32}\/\d{2,6}$/.test(terminal) ? texts : null;
}

export const rlogin: StreamDissector = {
  transport: 'tcp',
  protocol: 'rlogin',
  ports: [513],
  probe([client, server]) {
    const texts = stringsOf(client);
    if (texts === null || (server.length > 0 && server.bytes[0] !== 0)) return Verdict.NO;
    if (texts !== undefined) return Verdict.YES;
    return client.complete ? Verdict.NO : Verdict.MORE;
  },
  open: ({ facts }) => ({
    confirmed: true,
    advance([client]) {
      const texts = stringsOf(client);
      if (texts === null || texts === undefined) return Progress.BROKEN;
      const section = facts.detail('rlogin');
      [section.client_user, section.user, section.terminal] = texts;
      return Progress.DONE;
    },
  }),
};
