/** IEEE 802.11 data frames inside the tunnels of access points. As a link type of its own 802.11 is not decoded. */
import { macText } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';

const HEADER_BYTES = 24;
const TO_ACCESS_POINT = 0x01;
const FROM_ACCESS_POINT = 0x02;
const PROTECTED = 0x40;
const ORDER = 0x80;
/** Bits of the first byte, within data frames. */
const NO_PAYLOAD = 0x40;
const QOS = 0x80;
/** In the first byte of the QoS control field. */
const AGGREGATED = 0x80;
const SUBFRAME_BYTES = 14;

const isData = (first: number) => (first & 0x0f) === 0x08;

export function decodeWlan(d: Dissection, at: number): Step | null {
  if (!d.need('wlan', at, HEADER_BYTES)) return null;
  // Some controllers send the frame control field with its two bytes swapped.
  const swapped = !isData(d.u8(at)) && isData(d.u8(at + 1));
  const type = d.u8(swapped ? at + 1 : at);
  const flags = d.u8(swapped ? at : at + 1);
  const to = (flags & TO_ACCESS_POINT) !== 0;
  const from = (flags & FROM_ACCESS_POINT) !== 0;
  const addressed = to && from ? HEADER_BYTES + 6 : HEADER_BYTES;
  const qos = isData(type) && (type & QOS) !== 0;
  const length = addressed + (qos ? ((flags & ORDER) !== 0 ? 6 : 2) : 0);
  if (!d.need('wlan', at, length)) return null;
  d.layers.push({
    name: 'wlan',
    offset: at,
    length,
    destination: macText(d.slice(at + (to ? 16 : 4), 6)),
    source: macText(d.slice(at + (to && from ? 24 : from ? 16 : 10), 6)),
    frameType: (type >> 2) & 0x3f,
    protected: (flags & PROTECTED) !== 0,
  });
  if (!isData(type) || (type & NO_PAYLOAD) !== 0 || (flags & PROTECTED) !== 0) return step('payload', at + length);
  const aggregated = qos && (d.u8(at + addressed) & AGGREGATED) !== 0;
  return aggregated ? decodeSubframe(d, at + length) : step('llc', at + length);
}

/** Of several frames in one, the first stands for all of them. */
function decodeSubframe(d: Dissection, at: number): Step | null {
  if (!d.need('wlan subframe', at, SUBFRAME_BYTES)) return null;
  const frameLength = d.u16(at + 12);
  const [destination, source] = [macText(d.slice(at, 6)), macText(d.slice(at + 6, 6))];
  d.layers.push({ name: 'ethernet', offset: at, length: SUBFRAME_BYTES, destination, source, etherType: null, frameLength });
  d.restrict(at + SUBFRAME_BYTES + frameLength, 'IEEE 802.3 length');
  return step('llc', at + SUBFRAME_BYTES);
}
