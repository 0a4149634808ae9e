/** A session of datagrams that stand for themselves: reads the first few, then wants no more. */
import type { Datagram, DatagramSession } from './dissector.ts';

/** Reads one datagram; false when it is not of the protocol. */
type Read = (datagram: Datagram) => boolean;

export class CountedSession implements DatagramSession {
  confirmed = false;
  private readonly limit: number;
  private readonly read: Read;
  private count = 0;

  constructor(limit: number, read: Read) {
    this.limit = limit;
    this.read = read;
  }

  advance(datagram: Datagram): boolean {
    if (this.read(datagram)) this.confirmed = true;
    return ++this.count >= this.limit;
  }
}
