/** Multicast DNS, RFC 6762: DNS messages without ids, with many questions, known answers, and marked classes. */
import { type DatagramDissector, Verdict } from './dissector.ts';
import { isMulticastDns } from './dns.ts';
import { DnsDatagramSession } from './dns-conversation.ts';
import { HEADER_LENGTH } from './dns-message.ts';
import { isNetbiosName, shapeOf } from './dns-shape.ts';

export const mdns: DatagramDissector = {
  transport: 'udp',
  protocol: 'mdns',
  ports: [5353],
  /** Everybody asks and answers on the same port, so either side may say either. */
  probe(datagrams, ports) {
    const { bytes } = datagrams[datagrams.length - 1];
    if (isNetbiosName(bytes, HEADER_LENGTH, bytes.length)) return Verdict.NO;
    const shape = shapeOf(bytes, 0, bytes.length);
    if (shape === null || (shape.bits & 0x7800) !== 0 || !isMulticastDns(shape, ports)) return Verdict.NO;
    return shape.whole || shape.local || shape.arpa ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new DnsDatagramSession(context, { unpaired: true, local: true, stream: false }),
};
