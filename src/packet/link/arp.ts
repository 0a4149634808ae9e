/** ARP and RARP (RFC 826, RFC 903): addresses of any length; Ethernet and IPv4 is what occurs. */
import { hexText, ipv4Text, macText } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';

const OPERATIONS = new Map<number, string>([
  [1, 'request'],
  [2, 'reply'],
  [3, 'reverse request'],
  [4, 'reverse reply'],
  [8, 'inverse request'],
  [9, 'inverse reply'],
]);

export function arpOperationName(operation: number): string {
  return OPERATIONS.get(operation) ?? `op ${operation}`;
}

export function decodeArp(d: Dissection, at: number): Step | null {
  if (!d.need('arp', at, 8)) return null;
  const protocolType = d.u16(at + 2);
  const hardwareLength = d.u8(at + 4);
  const protocolLength = d.u8(at + 5);
  const length = 8 + 2 * (hardwareLength + protocolLength);
  if (!d.need('arp', at, length)) return null;
  const protocolText = (from: number) => {
    const bytes = d.slice(from, protocolLength);
    return protocolType === 0x0800 && protocolLength === 4 ? ipv4Text(bytes) : hexText(bytes);
  };
  const sender = at + 8;
  const target = sender + hardwareLength + protocolLength;
  d.layers.push({
    name: 'arp',
    offset: at,
    length,
    operation: d.u16(at + 6),
    hardwareType: d.u16(at),
    protocolType,
    senderMac: macText(d.slice(sender, hardwareLength)),
    senderIp: protocolText(sender + hardwareLength),
    targetMac: macText(d.slice(target, hardwareLength)),
    targetIp: protocolText(target + hardwareLength),
  });
  return step('payload', at + length);
}
