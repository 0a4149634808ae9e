/** A TCP client (10.1.0.1:40000) and server (10.1.0.2:80) whose segments tests write down briefly, as captured frames. */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TimedFrame, tcpFrame, writeCaptureFile } from '../support/frames.ts';

export const START_US = 1.7e15;

const FLAGS: Record<string, number> = { S: TCP_SYN, A: TCP_ACK, F: TCP_FIN, R: TCP_RST, P: 8 };
const bits = (letters: string): number => letters.split('').reduce((sum, letter) => sum | FLAGS[letter], 0);

export interface Place {
  client: string;
  server: string;
  clientPort: number;
  serverPort: number;
}

export const PLACE: Place = { client: '10.1.0.1', server: '10.1.0.2', clientPort: 40_000, serverPort: 80 };

/** A segment of the client, `atMs` after the start. */
export function c(atMs: number, flags: string, seq: number, ack: number, payload = 0, place = PLACE): TimedFrame {
  const ends = { source: place.client, destination: place.server, sourcePort: place.clientPort, destinationPort: place.serverPort };
  return { timeUs: START_US + Math.round(atMs * 1000), bytes: tcpFrame({ ...ends, flags: bits(flags), seq, ack, payload }) };
}

/** A segment of the server. */
export function s(atMs: number, flags: string, seq: number, ack: number, payload = 0, place = PLACE): TimedFrame {
  const ends = { source: place.server, destination: place.client, sourcePort: place.serverPort, destinationPort: place.clientPort };
  return { timeUs: START_US + Math.round(atMs * 1000), bytes: tcpFrame({ ...ends, flags: bits(flags), seq, ack, payload }) };
}

/** The client begins at 100, the server at 500; the server answers after `rttMs`, the client after 1 ms. */
export function handshake(atMs = 0, rttMs = 50, place = PLACE): TimedFrame[] {
  return [c(atMs, 'S', 100, 0, 0, place), s(atMs + rttMs, 'SA', 500, 101, 0, place), c(atMs + rttMs + 1, 'A', 101, 501, 0, place)];
}

/** Both sides close behind 101 + `sent` and 501 + `received`. */
export function farewell(atMs: number, sent: number, received: number, place = PLACE): TimedFrame[] {
  return [
    c(atMs, 'FA', 101 + sent, 501 + received, 0, place),
    s(atMs + 50, 'FA', 501 + received, 102 + sent, 0, place),
    c(atMs + 51, 'A', 102 + sent, 502 + received, 0, place),
  ];
}

export function writeConversation(path: string, frames: TimedFrame[]): string {
  writeCaptureFile(path, frames);
  return path;
}
