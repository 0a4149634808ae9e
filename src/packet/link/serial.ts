/** Links of routers: Cisco HDLC, and frame relay with RFC 2427 or Cisco encapsulation. */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodePpp } from './label-and-session.ts';

const MIN_ETHER_TYPE = 0x0600;
const HDLC_BYTES = 4;
const SLARP = 0x8035;
const CDP = 0x2000;
const OSI = 0xfefe;
const OUI_BRIDGED_802_1 = 0x0080c2;
const UNNUMBERED = 0x03;
const NLPID_SNAP = 0x80;
const NLPID_IPV4 = 0xcc;
const NLPID_IPV6 = 0x8e;

/** PPP link types also carry Cisco's encapsulation, told apart by the address byte: unicast or multicast. */
export function decodeSerial(d: Dissection, at: number): Step | null {
  const cisco = d.has(at, 1) && (d.u8(at) === 0x0f || d.u8(at) === 0x8f);
  return cisco ? decodeCiscoHdlc(d, at) : decodePpp(d, at);
}

export function decodeCiscoHdlc(d: Dissection, at: number): Step | null {
  if (!d.need('hdlc', at, HDLC_BYTES)) return null;
  const protocol = d.u16(at + 2);
  d.layers.push({ name: 'serial', offset: at, length: HDLC_BYTES, encapsulation: 'chdlc', protocol, dlci: null });
  // Keep-alives use the number that is RARP elsewhere.
  const opaque = protocol === SLARP || protocol === CDP || protocol === OSI;
  return opaque ? step('payload', at + HDLC_BYTES) : step('ethertype', at + HDLC_BYTES, protocol);
}

/** The Q.922 address has two to four bytes; its last one has the lowest bit set. */
export function decodeFrameRelay(d: Dissection, at: number): Step | null {
  let size = 0;
  do {
    if (!d.need('frame relay', at, size + 1)) return null;
    size++;
  } while (size < 4 && (d.u8(at + size - 1) & 1) === 0);
  if (!d.need('frame relay', at, size + 2)) return null;
  const dlci = size === 1 ? d.u8(at) >> 2 : ((d.u8(at) >> 2) << 4) | (d.u8(at + 1) >> 4);
  const push = (length: number, protocol: number) => {
    d.layers.push({ name: 'serial', offset: at, length, encapsulation: 'frame-relay', protocol, dlci });
    return at + length;
  };
  if (d.u8(at + size) !== UNNUMBERED) {
    const protocol = d.u16(at + size);
    const next = push(size + 2, protocol);
    return protocol >= MIN_ETHER_TYPE && protocol !== 0x08ff ? step('ethertype', next, protocol) : step('payload', next);
  }
  const pad = d.u8(at + size + 1) === 0 ? 1 : 0;
  if (!d.need('frame relay', at, size + 2 + pad)) return null;
  const nlpid = d.u8(at + size + 1 + pad);
  if (nlpid !== NLPID_SNAP) return step(nlpid === NLPID_IPV4 || nlpid === NLPID_IPV6 ? 'ip' : 'payload', push(size + 2 + pad, nlpid));
  const snap = at + size + 2 + pad;
  if (!d.need('frame relay', at, size + 7 + pad)) return null;
  const bridged = ((d.u8(snap) << 16) | d.u16(snap + 1)) === OUI_BRIDGED_802_1;
  const protocol = d.u16(snap + 3);
  const next = push(size + 7 + pad, protocol);
  return bridged ? step('ethernet', next) : step('ethertype', next, protocol);
}
