/** Link-local multicast name resolution (RFC 4795): whoever answers has the name that it answers for. */
import { FLAG_RESPONSE, isAddressRecord, MessageReader } from '../app/dns-message.ts';
import { NameReader } from '../app/dns-names.ts';
import { labelsOf } from './dns-text.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { NOTHING_SAID, type Reading, UNREADABLE } from './observation.ts';

const reader = new MessageReader(new NameReader());

export function readLlmnr(packet: LinkPacket): Reading {
  const { net, udp } = packet;
  if (net === null || udp === null) return UNREADABLE;
  const message = reader.read(udp.payload, 0, udp.payload.length, false);
  if (message === null || message.opcode !== 0) return UNREADABLE;
  const { malformed } = message;
  if ((message.bits & FLAG_RESPONSE) === 0 || message.rcode !== 0) return { ...NOTHING_SAID, malformed };
  const records = message.answers.filter(isAddressRecord);
  const [first] = records;
  if (first === undefined) return { ...NOTHING_SAID, malformed };
  const addresses = records.filter(({ name }) => name.toLowerCase() === first.name.toLowerCase()).map(({ data }) => data);
  const names = [{ name: labelsOf(first.name).join('.'), source: 'llmnr' as const }];
  // Answers go to the one who asked; they never pass a router, because both ends are of one link (section 2.5).
  return { observations: [{ ...fromSender(packet, { addresses, names }), onLink: true }], malformed };
}
