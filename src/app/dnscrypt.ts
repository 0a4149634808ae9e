/**
 * DNSCrypt version 2 over UDP (draft-denis-dprive-dnscrypt section 11): the server's answers begin with a magic number and
 * the nonce of the query, over TCP behind a length. Fetching its certificate is an ordinary DNS query.
 */
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  Progress,
  SERVER,
  type StreamDissector,
  Verdict,
} from './dissector.ts';
import { prefixVerdict } from './prefix.ts';
import { startsWith } from './text.ts';

const MAGIC = 'r6fnvWj8';
/** Magic, nonce of 24 bytes, tag of 16. */
const SHORTEST_ANSWER = 8 + 24 + 16;
/** The client's half of the nonce: behind the magic of the certificate and its public key in the query, behind the magic in the answer. */
const QUERY_NONCE = 8 + 32;
const ANSWER_NONCE = 8;
const NONCE_LENGTH = 12;
const SHORTEST_QUERY = QUERY_NONCE + NONCE_LENGTH + 16 + 64;

function nonceAgrees(query: Datagram, answer: Datagram): boolean {
  if (query.side !== CLIENT || query.bytes.length < SHORTEST_QUERY) return false;
  const sent = query.bytes.subarray(QUERY_NONCE, QUERY_NONCE + NONCE_LENGTH);
  return Buffer.compare(sent, answer.bytes.subarray(ANSWER_NONCE, ANSWER_NONCE + NONCE_LENGTH)) === 0;
}

const isAnswer = ({ side, bytes }: Datagram) =>
  side === SERVER && bytes.length >= SHORTEST_ANSWER && startsWith(bytes, bytes.length, MAGIC);

class Session implements DatagramSession {
  confirmed = true;

  advance(): boolean {
    return true;
  }
}

export const dnscryptUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'dnscrypt',
  ports: [443, 5353, 8443],
  probe(datagrams) {
    const newest = datagrams[datagrams.length - 1];
    if (newest.side === CLIENT) return newest.bytes.length >= SHORTEST_QUERY ? Verdict.MORE : Verdict.NO;
    if (!isAnswer(newest)) return Verdict.NO;
    const queries = datagrams.filter(({ side }) => side === CLIENT);
    // Eight bytes of magic are enough when the queries were not seen; else one of them has to be the answered one.
    return queries.length === 0 || queries.some((query) => nonceAgrees(query, newest)) ? Verdict.YES : Verdict.MORE;
  },
  open: () => new Session(),
};

export const dnscryptTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'dnscrypt',
  ports: [443, 8443],
  probe(heads) {
    const server = heads[SERVER];
    if (server.length === 0) return Verdict.MORE;
    const length = (server.bytes[0] << 8) | server.bytes[1];
    if (server.length >= 2 && length < SHORTEST_ANSWER) return Verdict.NO;
    return prefixVerdict(server, MAGIC, 2);
  },
  open: () => ({ confirmed: true, advance: () => Progress.DONE }),
};
