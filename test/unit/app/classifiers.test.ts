/** How one of several parsers gets a flow, with parsers made for the purpose. */
import { describe, expect, it } from 'vitest';
import { Assembler } from '../../../src/app/assembler.ts';
import { DatagramClassifier } from '../../../src/app/datagram-classifier.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from '../../../src/app/dissector.ts';
import { AppFacts } from '../../../src/app/facts.ts';
import type { ProtocolName } from '../../../src/app/protocols.ts';
import { StreamClassifier } from '../../../src/app/stream-classifier.ts';

const PORTS = { clientPort: 40_000, serverPort: 9 };
const CONTEXT: SessionContext = {
  ...PORTS,
  facts: new AppFacts(),
  nowNs: 0,
  epochSecs: 0,
  wantsTransactions: false,
  wantsQuestions: false,
  question: () => {},
  transaction: () => {},
};

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const textOf = ({ bytes, length }: StreamHead) => Buffer.from(bytes.subarray(0, length)).toString('latin1');

interface Behaviour {
  probe?: (heads: readonly [StreamHead, StreamHead]) => VerdictCode;
  session?: Partial<StreamSession>;
}

/** Says YES to a client whose first bytes are `opening`, MORE while they may become that, NO otherwise. */
const opensWith =
  (opening: string) =>
  ([client]: readonly [StreamHead, StreamHead]): VerdictCode => {
    const said = textOf(client).slice(0, opening.length);
    if (said === opening) return Verdict.YES;
    return opening.startsWith(said) && !client.complete ? Verdict.MORE : Verdict.NO;
  };

/** Reads for ever unless told otherwise. */
function parser(protocol: ProtocolName, opening: string, behaviour: Behaviour = {}): StreamDissector {
  const session = { advance: () => Progress.MORE as ProgressCode, confirmed: true, ...behaviour.session };
  return { transport: 'tcp', protocol, ports: [], probe: behaviour.probe ?? opensWith(opening), open: () => session };
}

class Connection {
  readonly heads = [new Assembler(), new Assembler()] as const;
  readonly classifier: StreamClassifier;
  private readonly next = [0, 0];

  constructor(dissectors: readonly StreamDissector[], sure = true) {
    this.classifier = new StreamClassifier(this.heads, PORTS, dissectors, sure);
    for (const head of this.heads) head.begin(-1);
  }

  send(side: Side, text: string): StreamClassifier {
    this.heads[side].add(this.next[side], bytesOf(text), text.length);
    this.next[side] += text.length;
    this.classifier.advance(CONTEXT);
    return this.classifier;
  }

  /** Nothing more comes. */
  end(): StreamClassifier {
    for (const head of this.heads) head.finish();
    this.classifier.advance(CONTEXT);
    if (!this.classifier.done) this.classifier.finish();
    return this.classifier;
  }
}

describe('a stream', () => {
  it('goes to the parser that says YES, however long the others hesitate', () => {
    const hesitant = parser('smtp', '', { probe: () => Verdict.MORE });
    const { layers, done, confirmed } = new Connection([hesitant, parser('http', 'GET')]).send(CLIENT, 'GET /');
    expect({ layers, done, confirmed }).toEqual({ layers: ['http'], done: false, confirmed: true });
  });

  it('asks again while bytes are few, and never a parser that said NO', () => {
    let asked = 0;
    const refusing = parser('ssh', '', {
      probe: () => {
        asked++;
        return Verdict.NO;
      },
    });
    const connection = new Connection([refusing, parser('http', 'GET')]);
    expect(connection.send(CLIENT, 'G').layers).toEqual([]);
    expect(connection.send(CLIENT, 'E').done).toBe(false);
    expect(connection.send(CLIENT, 'T').layers).toEqual(['http']);
    expect(asked).toBe(1);
  });

  it('is given up when every parser has said NO', () => {
    expect(new Connection([parser('http', 'GET'), parser('ssh', 'SSH-')]).send(CLIENT, '\x00')).toMatchObject({ done: true, layers: [] });
  });

  it('is given up when it ends before anybody could tell', () => {
    const connection = new Connection([parser('http', 'GET')]);
    connection.send(CLIENT, 'GE');
    expect(connection.end()).toMatchObject({ done: true, layers: [], swapped: false });
  });

  it('is done when its parser is, and tells it that the flow has ended', () => {
    let finished = 0;
    const session = { advance: () => Progress.DONE, finish: () => void finished++ };
    expect(new Connection([parser('http', 'GET', { session })]).send(CLIENT, 'GET').done).toBe(true);
    expect(finished).toBe(1);
  });

  it('that ends while it is read tells the parser, once, and takes its last label', () => {
    let finished = 0;
    const session = {
      label: undefined as ProtocolName | undefined,
      confirmed: true,
      advance: () => Progress.MORE,
      finish: () => {
        finished++;
        session.label = 'smtps';
      },
    };
    const connection = new Connection([{ ...parser('smtp', 'EHLO'), open: () => session }]);
    expect(connection.send(CLIENT, 'EHLO x')).toMatchObject({ done: false, label: null });
    expect(connection.end()).toMatchObject({ done: true, layers: ['smtp'], label: 'smtps' });
    expect(finished).toBe(1);
  });
});

describe('a stream whose client is not known', () => {
  const http = parser('http', 'GET');

  it('is tried the other way round once nobody knows it as it is', () => {
    expect(new Connection([http], false).send(SERVER, 'GET /').swapped).toBe(false);
    const connection = new Connection([http], false);
    connection.send(SERVER, 'GET /');
    expect(connection.send(CLIENT, 'HTTP/1.1')).toMatchObject({ layers: ['http'], swapped: true });
  });

  it('gives its parser the sides that way', () => {
    let seen = '';
    const session: Partial<StreamSession> = {
      advance([client, server]) {
        seen = `${textOf(client)}|${textOf(server)}`;
        return Progress.MORE;
      },
    };
    const connection = new Connection([parser('http', 'GET', { session })], false);
    connection.send(CLIENT, 'HTTP/1.1');
    connection.send(SERVER, 'GET /');
    expect(seen).toBe('GET /|HTTP/1.1');
  });

  it('is not turned when a SYN has shown the client', () => {
    const connection = new Connection([http], true);
    connection.send(CLIENT, 'HTTP/1.1');
    expect(connection.send(SERVER, 'GET /')).toMatchObject({ layers: [], swapped: false, done: true });
  });

  it('stays as it is when nobody knows it either way', () => {
    const connection = new Connection([http], false);
    connection.send(CLIENT, 'aa');
    expect(connection.send(SERVER, 'bb')).toMatchObject({ layers: [], swapped: false, done: true });
  });
});

describe('a parser that finds its protocol broken', () => {
  const broken = (confirmed: boolean, more: Partial<StreamSession> = {}) =>
    parser('telnet', 'GET', { session: { advance: () => Progress.BROKEN, confirmed, ...more } });

  it('leaves the stream to the others', () => {
    const { layers, confirmed } = new Connection([broken(false), parser('http', 'GET')]).send(CLIENT, 'GET');
    expect({ layers, confirmed }).toEqual({ layers: ['http'], confirmed: true });
  });

  it('is the end where nobody else knows the stream', () => {
    expect(new Connection([broken(false), parser('ssh', 'SSH-')]).send(CLIENT, 'GET')).toMatchObject({
      done: true,
      layers: [],
      confirmed: false,
    });
  });

  it('keeps it once it was sure, or had a name for it', () => {
    expect(new Connection([broken(true), parser('http', 'GET')]).send(CLIENT, 'GET').layers).toEqual(['telnet']);
    const named = new Connection([broken(false, { label: 'smtps' }), parser('http', 'GET')]).send(CLIENT, 'GET');
    expect(named).toMatchObject({ layers: ['telnet'], label: 'smtps', done: true });
  });
});

/** Hands over behind the first line of each side. */
function handingOver(protocol: ProtocolName, opening: string, label?: ProtocolName): StreamDissector {
  const open = () => {
    const session: StreamSession & { successor?: { offsets: [number, number] } } = {
      confirmed: true,
      advance([client, server]) {
        const offsets = [textOf(client).indexOf('\n') + 1, textOf(server).indexOf('\n') + 1] as [number, number];
        if (offsets[0] === 0 || offsets[1] === 0) return Progress.MORE;
        session.successor = { offsets };
        return Progress.HAND_OVER;
      },
    };
    return label === undefined ? session : Object.assign(session, { label });
  };
  return { transport: 'tcp', protocol, ports: [], probe: opensWith(opening), open };
}

describe('protocols one inside the other', () => {
  const tls = parser('tls', '\x16\x03');

  it('get the bytes behind what the one before has read, of both sides', () => {
    let seen = '';
    const session: Partial<StreamSession> = {
      advance([client, server]) {
        seen = `${textOf(client)}|${textOf(server)}`;
        return Progress.MORE;
      },
    };
    const connection = new Connection([handingOver('smtp', 'STARTTLS'), parser('tls', '\x16', { session })]);
    connection.send(CLIENT, 'STARTTLS\n');
    connection.send(SERVER, '220 go\n\x16server');
    expect(connection.send(CLIENT, '\x16client').layers).toEqual(['smtp', 'tls']);
    expect(seen).toBe('\x16client|\x16server');
    connection.send(SERVER, '+');
    expect(seen).toBe('\x16client|\x16server+');
  });

  it('are four at most', () => {
    const names: ProtocolName[] = ['socks', 'http', 'smtp', 'ftp_control', 'imap'];
    const chain = names.map((name, index) => handingOver(name, String(index)));
    const connection = new Connection(chain);
    connection.send(CLIENT, '0\n1\n2\n3\n4\n');
    expect(connection.send(SERVER, '\n\n\n\n\n')).toMatchObject({ done: true, layers: names.slice(0, 4) });
  });

  it('leave the outer one standing when nobody knows what is inside', () => {
    const connection = new Connection([handingOver('socks', 'S'), tls]);
    connection.send(CLIENT, 'S\n??');
    expect(connection.send(SERVER, '\n??')).toMatchObject({ done: true, layers: ['socks'], confirmed: true });
  });

  it('need not prove themselves when the one before has agreed on them by name', () => {
    const websocket = parser('websocket', 'never', { probe: () => Verdict.NO });
    const connection = new Connection([handingOver('http', 'GET', 'websocket'), tls, websocket]);
    connection.send(CLIENT, 'GET\n');
    expect(connection.send(SERVER, '101\n').layers).toEqual(['http', 'websocket']);
  });
});

const SEEN: Datagram[] = [];

function datagramParser(protocol: ProtocolName, probe: DatagramDissector['probe'], done = false): DatagramDissector {
  const open = () => ({
    confirmed: true,
    advance(datagram: Datagram) {
      SEEN.push({ side: datagram.side, bytes: datagram.bytes.slice() });
      return done;
    },
  });
  return { transport: 'udp', protocol, ports: [], probe, open };
}

const startsWith =
  (byte: number): DatagramDissector['probe'] =>
  (datagrams) => {
    const first = datagrams.find(({ side }) => side === CLIENT);
    if (first === undefined) return Verdict.MORE;
    return first.bytes[0] === byte ? Verdict.YES : Verdict.NO;
  };

describe('datagrams', () => {
  it('go to the parser that says YES, with those before', () => {
    SEEN.length = 0;
    const patient: DatagramDissector['probe'] = (datagrams) => (datagrams.length === 3 ? Verdict.YES : Verdict.MORE);
    const classifier = new DatagramClassifier(PORTS, [datagramParser('ntp', () => Verdict.NO), datagramParser('rtp', patient)], true);
    for (const [side, byte] of [
      [CLIENT, 1],
      [SERVER, 2],
      [CLIENT, 3],
    ] as const)
      classifier.advance(CONTEXT, side, Uint8Array.of(byte));
    expect(classifier).toMatchObject({ protocol: 'rtp', confirmed: true, done: false });
    classifier.advance(CONTEXT, SERVER, Uint8Array.of(4));
    expect(SEEN.map(({ side, bytes }) => [side, bytes[0]])).toEqual([
      [0, 1],
      [1, 2],
      [0, 3],
      [1, 4],
    ]);
    expect(classifier.held).toBe(0);
  });

  it('are kept as copies while nobody can tell', () => {
    SEEN.length = 0;
    const second: DatagramDissector['probe'] = (datagrams) => (datagrams.length === 2 ? Verdict.YES : Verdict.MORE);
    const classifier = new DatagramClassifier(PORTS, [datagramParser('rtp', second)], true);
    const buffer = Uint8Array.of(7);
    classifier.advance(CONTEXT, CLIENT, buffer);
    buffer[0] = 8;
    classifier.advance(CONTEXT, CLIENT, buffer);
    expect(SEEN.map(({ bytes }) => bytes[0])).toEqual([7, 8]);
  });

  it('are given up after six, of which no more than 2 KiB each were kept', () => {
    const counts: number[] = [];
    const never: DatagramDissector['probe'] = (datagrams) => {
      counts.push(datagrams.length);
      return Verdict.MORE;
    };
    const classifier = new DatagramClassifier(PORTS, [datagramParser('rtp', never)], true);
    for (let sent = 1; sent <= 5; sent++) {
      classifier.advance(CONTEXT, CLIENT, new Uint8Array(9000));
      expect(classifier).toMatchObject({ held: sent * 2048, done: false });
    }
    classifier.advance(CONTEXT, CLIENT, new Uint8Array(9000));
    expect(classifier).toMatchObject({ held: 0, done: true, protocol: null });
    expect(counts).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('are given up at once when every parser has said NO', () => {
    const classifier = new DatagramClassifier(PORTS, [datagramParser('ntp', () => Verdict.NO)], true);
    classifier.advance(CONTEXT, CLIENT, Uint8Array.of(1));
    expect(classifier).toMatchObject({ done: true, protocol: null, held: 0 });
  });

  it('are turned where the client is not known, and read on that way', () => {
    SEEN.length = 0;
    const classifier = new DatagramClassifier(PORTS, [datagramParser('dns', startsWith(1))], false);
    classifier.advance(CONTEXT, SERVER, Uint8Array.of(1));
    classifier.advance(CONTEXT, CLIENT, Uint8Array.of(2));
    expect(classifier).toMatchObject({ protocol: 'dns', swapped: true });
    expect(SEEN.map(({ side, bytes }) => [side, bytes[0]])).toEqual([
      [CLIENT, 1],
      [SERVER, 2],
    ]);
    const known = new DatagramClassifier(PORTS, [datagramParser('dns', startsWith(1))], true);
    known.advance(CONTEXT, SERVER, Uint8Array.of(1));
    expect(known.protocol).toBeNull();
  });

  it('are done when the parser is', () => {
    const classifier = new DatagramClassifier(PORTS, [datagramParser('dns', startsWith(1), true)], true);
    classifier.advance(CONTEXT, CLIENT, Uint8Array.of(1));
    expect(classifier.done).toBe(true);
  });
});
