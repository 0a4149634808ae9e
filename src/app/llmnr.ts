/** Link-local multicast name resolution, RFC 4795: one question, no recursion, mostly a name of one label. */
import { type DatagramDissector, Verdict } from './dissector.ts';
import { isLinkLocal } from './dns.ts';
import { DnsDatagramSession } from './dns-conversation.ts';
import { HEADER_LENGTH } from './dns-message.ts';
import { isNetbiosName, shapeOf } from './dns-shape.ts';

export const llmnr: DatagramDissector = {
  transport: 'udp',
  protocol: 'llmnr',
  ports: [5355],
  probe(datagrams, ports) {
    const { bytes } = datagrams[datagrams.length - 1];
    if (isNetbiosName(bytes, HEADER_LENGTH, bytes.length)) return Verdict.NO;
    const shape = shapeOf(bytes, 0, bytes.length);
    return shape !== null && isLinkLocal(shape, ports) && shape.whole ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new DnsDatagramSession(context, { unpaired: false, local: true, stream: false }),
};
