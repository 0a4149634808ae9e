/** Session descriptions (RFC 8866): the media that they announce, with addresses and ports. */
import type { AppFacts } from './facts.ts';
import { asciiOf } from './lines.ts';

export interface Media {
  readonly kind: string;
  readonly address: string | null;
  readonly port: number;
  rtcpPort: number;
  readonly transport: string;
  readonly codecs: string[];
}

const MEDIA_LIMIT = 8;
const CODEC_LIMIT = 12;
const LINE_LIMIT = 256;
/** RFC 8866 section 5.7: network and address type, then the address, for multicast with a time to live behind it. */
const ADDRESS_TYPES = ['IN IP4 ', 'IN IP6 '];

function addressOf(value: string): string | null {
  if (!ADDRESS_TYPES.some((type) => value.startsWith(type))) return null;
  const address = value.slice(7).split(/[/ ]/, 1)[0];
  return address !== '' && address.length <= 45 && /^[0-9A-Fa-f.:]+$/.test(address) ? address : null;
}

function mediaOf(value: string, session: string | null): Media | null {
  const [kind, port, transport] = value.split(' ', 4);
  const number = Number.parseInt(port ?? '', 10);
  if (transport === undefined || !(number >= 0 && number <= 65_535)) return null;
  return { kind, address: session, port: number, rtcpPort: number + 1, transport, codecs: [] };
}

/** The media of a description, at most 8; empty when it is none. */
export function readSdp(body: Uint8Array): Media[] {
  const out: Media[] = [];
  let session: string | null = null;
  let at = 0;
  for (let count = 0; count < LINE_LIMIT && at < body.length; count++) {
    const feed = body.indexOf(0x0a, at);
    const end = feed < 0 ? body.length : feed;
    const line = asciiOf(body, at, end > at && body[end - 1] === 0x0d ? end - 1 : end);
    at = end + 1;
    const value = line.slice(2);
    const last = out.length - 1;
    if (line.startsWith('c=')) {
      const address = addressOf(value);
      if (last < 0) session = address;
      else if (address !== null) out[last] = { ...out[last], address };
    } else if (line.startsWith('m=')) {
      const media = out.length < MEDIA_LIMIT ? mediaOf(value, session) : null;
      if (media === null) break;
      out.push(media);
    } else if (last >= 0 && line.startsWith('a=rtpmap:')) {
      const codec = value.split(' ', 2)[1];
      if (codec !== undefined && out[last].codecs.length < CODEC_LIMIT) out[last].codecs.push(codec.split('/', 1)[0]);
    } else if (last >= 0 && line.startsWith('a=rtcp:')) {
      const port = Number.parseInt(line.slice(7), 10);
      if (port > 0 && port <= 65_535) out[last].rtcpPort = port;
    }
  }
  return out;
}

/** Tells of the flows that a description announces. */
export function expectMedia(facts: AppFacts, media: readonly Media[]): void {
  for (const { address, port, rtcpPort, transport } of media) {
    // Port 0 refuses the medium; an address of zeros puts it on hold.
    if (address === null || port === 0 || address === '0.0.0.0' || !transport.includes('RTP/')) continue;
    // Offers are repeated until they are answered.
    if (facts.expected.some((flow) => flow.address === address && flow.port === port)) continue;
    facts.expect({ address, port, protocol: 'rtp' });
    if (rtcpPort !== port && rtcpPort <= 65_535) facts.expect({ address, port: rtcpPort, protocol: 'rtcp' });
  }
}
