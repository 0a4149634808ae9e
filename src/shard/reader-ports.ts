/**
 * Server ports at which native readers are asked: where the parser of their protocol is asked first (`src/app/registry.ts`), or
 * behind parsers that say no, or wait for the server, where a flow begins as the reader wants it to, with the client's
 * ClientHello or Initial. DNSCrypt is known by what its server sends; OpenVPN's first byte is the length of a short packet;
 * what DTLS begins with is no long header. Written down, because parsers are loaded late where readers may do without them.
 */
import { AppReader, type AppReaderCode } from '../native/app-flows.ts';

const PORTS = 65_536;

const STREAMS: readonly (readonly [AppReaderCode, readonly number[]])[] = [
  [AppReader.TLS, [443, 465, 636, 853, 989, 990, 993, 995, 5061, 5671, 6697, 8443, 8883]],
  [AppReader.HTTP, [80, 591, 2869, 3128, 5985, 7547, 8000, 8008, 8080, 8888]],
  [AppReader.SSH, [22, 2222]],
  [AppReader.SMTP, [25, 587, 2525]],
];
const QUIC: readonly [AppReaderCode, readonly number[]] = [AppReader.QUIC, [80, 443, 853, 8443]];
const DNS: readonly [AppReaderCode, readonly number[]] = [AppReader.DNS, [53]];

/** By server port, the reader of TCP flows, AppReader.NONE where there is none. */
export function streamReaders(): Uint8Array {
  return byPort(STREAMS);
}

/** The same of UDP. DNS's is left out where somebody wants to hear of each question, which it does not tell. */
export function datagramReaders(wantsQuestions: boolean): Uint8Array {
  return byPort(wantsQuestions ? [QUIC] : [QUIC, DNS]);
}

function byPort(readers: readonly (readonly [AppReaderCode, readonly number[]])[]): Uint8Array {
  const found = new Uint8Array(PORTS);
  for (const [reader, ports] of readers) for (const port of ports) found[port] = reader;
  return found;
}
