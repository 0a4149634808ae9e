/** Link types that are not a real link's: Linux cooked captures (SLL, SLL2) and the BSD loopback header. */
import { macText } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';

const SLL_BYTES = 16;
const SLL2_BYTES = 20;
/** Linux ARPHRD_ values whose "protocol" field is not an EtherType. */
/** To 803: 802.11, with Prism, with radiotap. */
const ARPHRD_IEEE80211 = 801;
const ARPHRD_NETLINK = 824;
const MAX_ADDRESS = 8;
const MIN_ETHER_TYPE = 0x0600;
/** Linux dummy protocol of a frame with an LLC header. */
const LINUX_SAP_802_2 = 0x0004;

export function decodeSll(d: Dissection, at: number): Step | null {
  if (!d.need('sll', at, SLL_BYTES)) return null;
  const hardwareType = d.u16(at + 2);
  const protocol = d.u16(at + 14);
  d.layers.push({
    name: 'sll',
    offset: at,
    length: SLL_BYTES,
    version: 1,
    packetType: d.u16(at),
    hardwareType,
    address: macText(d.slice(at + 6, Math.min(d.u16(at + 4), MAX_ADDRESS))),
    protocol,
    interfaceIndex: null,
  });
  return afterProtocol(d, hardwareType, protocol, at + SLL_BYTES);
}

export function decodeSll2(d: Dissection, at: number): Step | null {
  if (!d.need('sll', at, SLL2_BYTES)) return null;
  const protocol = d.u16(at);
  const hardwareType = d.u16(at + 8);
  d.layers.push({
    name: 'sll',
    offset: at,
    length: SLL2_BYTES,
    version: 2,
    packetType: d.u8(at + 10),
    hardwareType,
    address: macText(d.slice(at + 12, Math.min(d.u8(at + 11), MAX_ADDRESS))),
    protocol,
    interfaceIndex: d.u32(at + 4),
  });
  return afterProtocol(d, hardwareType, protocol, at + SLL2_BYTES);
}

function afterProtocol(d: Dissection, hardwareType: number, protocol: number, at: number): Step | null {
  if (hardwareType >= ARPHRD_IEEE80211 && hardwareType <= ARPHRD_IEEE80211 + 2) return d.fail('sll', 'IEEE 802.11 is not decoded', at, 0);
  if (hardwareType === ARPHRD_NETLINK) return step('payload', at);
  if (protocol === LINUX_SAP_802_2) return step('llc', at);
  return protocol >= MIN_ETHER_TYPE ? step('ethertype', at, protocol) : step('payload', at);
}

/** Address families that mean IP, in the numberings of Linux, the BSDs and macOS (AF_INET is 2 everywhere). */
const IP_FAMILIES = new Set([2, 10, 24, 28, 30]);

/**
 * NULL writes the family in the byte order of the capturing machine, LOOP in network order: the reading below 65,536 is
 * right. Some programs write two bytes of EtherType and two of their own instead.
 */
function familyOf(d: Dissection, at: number): number {
  const big = d.u32(at);
  if (big <= 0xffff) return big;
  return (big & 0xffff) === 0 ? d.u32le(at) : big >>> 16;
}

export function decodeLoopback(d: Dissection, at: number): Step | null {
  if (!d.need('null', at, 4)) return null;
  if (d.u16(at) === 0xff03) return step('ppp', at);
  const family = familyOf(d, at);
  d.layers.push({ name: 'null', offset: at, length: 4, family });
  if (IP_FAMILIES.has(family)) return step('ip', at + 4);
  return family >= MIN_ETHER_TYPE && family <= 0xffff ? step('ethertype', at + 4, family) : step('payload', at + 4);
}
