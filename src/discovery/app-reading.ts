/** Runs a datagram parser of the application layer over one message and returns what it understood. */
import { CLIENT, type DatagramDissector, SERVER, type SessionContext, Verdict } from '../app/dissector.ts';
import { AppFacts, type DetailValue } from '../app/facts.ts';
import type { LinkPacket } from './link-packet.ts';

type Detail = Readonly<Record<string, DetailValue>>;

export interface AppReading {
  readonly detail: Detail;
  /** It could not be read to its end. */
  readonly malformed: boolean;
}

const ignore = () => undefined;

/** `section` is where the parser puts its facts. null when the message is none of the protocol. */
export function readWith(dissector: DatagramDissector, section: string, packet: LinkPacket, fromClient: boolean): AppReading | null {
  if (packet.udp === null) return null;
  const { sourcePort, destinationPort, payload } = packet.udp;
  const [clientPort, serverPort] = fromClient ? [sourcePort, destinationPort] : [destinationPort, sourcePort];
  const datagram = { side: fromClient ? CLIENT : SERVER, bytes: payload } as const;
  if (dissector.probe([datagram], { clientPort, serverPort }) !== Verdict.YES) return null;
  const facts = new AppFacts();
  const context: SessionContext = {
    clientPort,
    serverPort,
    facts,
    nowNs: 0,
    epochSecs: packet.at,
    wantsTransactions: false,
    transaction: ignore,
    wantsQuestions: false,
    question: ignore,
  };
  dissector.open(context).advance(datagram);
  return { detail: facts.detail(section), malformed: facts.risks.has('malformed_packet') };
}

/** A fact that is a text and not empty, else null. */
export function textIn(detail: Detail, key: string): string | null {
  const value = detail[key];
  return typeof value === 'string' && value !== '' ? value : null;
}
