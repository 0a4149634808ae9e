/** Scans of ports, packet by packet, for captures of which it is known when they become an alert. */
import { TCP_ACK, TCP_RST, TCP_SYN, type TimedFrame, tcpFrame, udpFrame, writeCaptureFile } from './frames.ts';

export const SCAN_START_US = 1_700_000_000_000_000;
export const SCANNER = '10.0.0.66';
export const VICTIM = '10.0.0.7';

/** Something harmless. */
export function harmless(atMs: number): TimedFrame {
  const ends = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 5000, destinationPort: 5001 };
  return { timeUs: SCAN_START_US + atMs * 1000, bytes: udpFrame({ ...ends, payload: 8 }) };
}

/** A SYN to the port and the refusal a millisecond later. */
export function refusedContact(atMs: number, victim: string, port: number): TimedFrame[] {
  const timeUs = SCAN_START_US + atMs * 1000;
  const to = { source: SCANNER, destination: victim, sourcePort: 40_000, destinationPort: port };
  const back = { source: victim, destination: SCANNER, sourcePort: port, destinationPort: 40_000 };
  return [
    { timeUs, bytes: tcpFrame({ ...to, seq: 1, flags: TCP_SYN }) },
    { timeUs: timeUs + 1000, bytes: tcpFrame({ ...back, ack: 2, flags: TCP_RST | TCP_ACK }) },
  ];
}

/** So many ports of so many hosts, every one refused, 100 ms apart; and a packet long after, so that every wait is over. */
export function writeScan(path: string, ports: number, hosts = 1): void {
  const contacts: TimedFrame[] = [];
  for (let index = 0; index < Math.max(ports, hosts); index++) {
    const victim = hosts === 1 ? VICTIM : `10.0.1.${1 + (index % hosts)}`;
    contacts.push(...refusedContact(index * 100, victim, 1000 + (index % ports)));
  }
  writeCaptureFile(path, [...contacts, harmless(60_000)]);
}
