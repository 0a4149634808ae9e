/**
 * Decodes the captured bytes of one frame for people: every header as a typed layer, outermost first, tunnels
 * unwrapped. It is lax: whatever was decoded before the bytes ran out or stopped making sense is kept, with the error
 * that stopped the walk. It never throws, whatever the bytes are, and its work is bounded by `MAX_LAYERS`.
 */
import type { DecodeError } from './decode-error.ts';
import type { Step } from './dissection.ts';
import { Dissection, step } from './dissection.ts';
import type { Layer } from './layer.ts';
import { decodeArp } from './link/arp.ts';
import { decodeLoopback, decodeSll, decodeSll2 } from './link/cooked.ts';
import { decodeEthernet, decodeVlan } from './link/ethernet.ts';
import { decodeMpls, decodePpp, decodePppoe } from './link/label-and-session.ts';
import { decodeLlc } from './link/llc.ts';
import { decodeLldp } from './link/lldp.ts';
import { decodeCiscoHdlc, decodeFrameRelay, decodeSerial } from './link/serial.ts';
import { tryShim } from './link/shims.ts';
import { decodeWlan } from './link/wlan.ts';
import { decodeIpv4 } from './net/ipv4.ts';
import { decodeAuthentication, decodeIpv6 } from './net/ipv6.ts';
import { decodeGre } from './transport/gre.ts';
import { decodeIcmp } from './transport/icmp.ts';
import { decodeIcmpv6 } from './transport/icmpv6.ts';
import { decodeIgmp } from './transport/igmp.ts';
import type { QuotedPacket } from './transport/layers.ts';
import { decodeTcp } from './transport/tcp.ts';
import { decodeDccp, decodeEsp, decodeSctp, decodeUdp } from './transport/udp.ts';
import { tryUdpTunnel } from './transport/udp-tunnels.ts';

/** Headers of one frame. Real stacks have about fifteen; captures made to test decoders nest a hundred. */
export const MAX_LAYERS = 192;

export interface PacketView {
  linkType: number;
  /** Length of the frame on the wire, and of what was captured of it. */
  wireLength: number;
  capturedLength: number;
  layers: Layer[];
  /** What stopped the walk; null when the innermost payload was reached. */
  error: DecodeError | null;
  /** What follows the last decoded header, by the innermost length field, padding excluded. */
  payload: { offset: number; length: number; capturedLength: number };
}

/** `linkType` is a LINKTYPE_ number. */
export function viewPacket(frame: Uint8Array, linkType: number, wireLength: number): PacketView {
  const wire = Number.isFinite(wireLength) ? Math.max(wireLength, frame.length) : frame.length;
  const d = new Dissection(frame, wire, 'wire length', false);
  const first = firstStep(d, linkType);
  const offset = first === null ? 0 : walk(d, first);
  const length = Math.max(0, d.end - offset);
  return {
    linkType,
    wireLength: wire,
    capturedLength: frame.length,
    layers: d.layers,
    error: d.error,
    payload: { offset, length, capturedLength: Math.min(length, Math.max(0, frame.length - offset)) },
  };
}

function firstStep(d: Dissection, linkType: number): Step | null {
  switch (linkType) {
    case 1:
      return step('ethernet', 0);
    case 0:
    case 108:
      return decodeLoopback(d, 0);
    case 9:
    case 50:
      return decodeSerial(d, 0);
    case 100:
      return step('llc', 0);
    case 104:
      return decodeCiscoHdlc(d, 0);
    case 107:
      return decodeFrameRelay(d, 0);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return step('ip', 0);
    case 113:
      return decodeSll(d, 0);
    case 276:
      return decodeSll2(d, 0);
    default:
      return d.fail('link', `link type ${linkType} is not decoded`, 0, 0);
  }
}

/** Runs to the payload or to an error; returns the offset behind the last header that was decoded. */
function walk(d: Dissection, first: Step): number {
  let current = first;
  while (current.kind !== 'payload') {
    if (d.layers.length >= MAX_LAYERS) {
      d.fail('frame', 'too many layers', current.at, 0);
      return current.at;
    }
    const next = advance(d, current);
    if (next === null) return d.error?.offset ?? current.at;
    current = next;
  }
  return current.at;
}

function advance(d: Dissection, { kind, value, at }: Step): Step | null {
  switch (kind) {
    case 'ethernet':
      return decodeEthernet(d, at);
    case 'ethertype':
      return advanceEtherType(d, value, at);
    case 'ip':
      return decodeIp(d, at);
    case 'protocol':
      return advanceProtocol(d, value, at);
    case 'ppp':
      return decodePpp(d, at);
    case 'llc':
      return decodeLlc(d, at);
    case 'wlan':
      return decodeWlan(d, at);
    case 'mpls':
      return decodeMpls(d, at);
    case 'udp-port':
      return tryUdpTunnel(d, at, Math.floor(value / 65_536), value % 65_536) ?? step('payload', at);
    case 'payload':
      return null;
  }
}

function advanceEtherType(d: Dissection, type: number, at: number): Step | null {
  switch (type) {
    case 0x0800:
    case 0x86dd:
      return decodeIp(d, at);
    case 0x0806:
    case 0x8035:
      return decodeArp(d, at);
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
      return decodeVlan(d, at, type);
    case 0x8847:
    case 0x8848:
      return decodeMpls(d, at);
    case 0x8863:
      return decodePppoe(d, at, false);
    case 0x8864:
      return decodePppoe(d, at, true);
    case 0x88cc:
      return decodeLldp(d, at);
    case 0x6558:
      return step('ethernet', at);
    case 0x880b:
      return step('ppp', at);
    case 0x8870:
      return step('llc', at);
    default: {
      const shim = tryShim(d, at, type);
      return shim === undefined ? step('payload', at) : shim;
    }
  }
}

function advanceProtocol(d: Dissection, protocol: number, at: number): Step | null {
  const quote = (from: number) => quotedPacket(d, from);
  switch (protocol) {
    case 1:
      return decodeIcmp(d, at, quote);
    case 2:
      return decodeIgmp(d, at);
    case 4:
    case 41:
    case 94:
      return decodeIp(d, at);
    case 6:
      return decodeTcp(d, at);
    case 17:
    case 136:
      return decodeUdp(d, at, protocol);
    case 33:
      return decodeDccp(d, at);
    case 47:
      return decodeGre(d, at);
    case 50:
      return decodeEsp(d, at);
    case 51:
      return decodeAuthentication(d, at);
    case 58:
      return decodeIcmpv6(d, at, quote);
    case 97:
      return decodeEtherIp(d, at);
    case 103:
      return decodePim(d, at);
    case 132:
      return decodeSctp(d, at);
    case 137:
      return decodeMpls(d, at);
    case 143:
      return step('ethernet', at);
    default:
      return step('payload', at);
  }
}

function decodeIp(d: Dissection, at: number): Step | null {
  if (!d.need('ip', at, 1)) return null;
  const version = d.u8(at) >> 4;
  if (version === 4) return decodeIpv4(d, at);
  if (version === 6) return decodeIpv6(d, at);
  return d.fail('ip', `version ${version} is neither 4 nor 6`, at, 1);
}

/** Ethernet in IP (RFC 3378): version 3, then a frame. Some senders swap the two bytes. */
function decodeEtherIp(d: Dissection, at: number): Step | null {
  if (!d.need('etherip', at, 2)) return null;
  const header = d.u16(at);
  if (header !== 0x3000 && header !== 0x0300) return d.fail('etherip', `header 0x${header.toString(16)} is not version 3`, at, 2);
  d.layers.push({ name: 'tunnel', offset: at, length: 2, type: 'etherip', id: null, tunnelId: null, content: null });
  return step('ethernet', at + 2);
}

/** RFC 7761, 4.9.3: a register message carries a whole packet to the rendezvous point; other messages are payload. */
function decodePim(d: Dissection, at: number): Step | null {
  if (!d.has(at, 9) || d.u8(at) !== 0x21) return step('payload', at);
  const nibble = d.u8(at + 8) >> 4;
  if (nibble !== 4 && nibble !== 6) return step('payload', at);
  d.layers.push({ name: 'tunnel', offset: at, length: 8, type: 'pim', id: null, tunnelId: null, content: null });
  return step('ip', at + 8);
}

/** The packet in an ICMP error, within the error's bytes. Tunnels inside it are followed, further quotes are not. */
function quotedPacket(outer: Dissection, at: number): QuotedPacket {
  const d = new Dissection(outer.frame, outer.end, 'quoted bytes', true);
  walk(d, step('ip', at));
  return { layers: d.layers, error: d.error };
}
