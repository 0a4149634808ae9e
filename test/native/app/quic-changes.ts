/** Flows of QUIC that are changed: bytes, frames before their protection, packets, the order of datagrams. */
import { cryptoFrame } from '../../support/app/quic.ts';
import { ACK, ACK_ECN, datagram, PING, type Pick, type Plan, type PlannedPacket, V2 } from '../../support/app/quic-flows.ts';
import { join, noise } from '../../support/app/tls.ts';

/** Bytes changed, cut, put in or repeated. */
export function changed(bytes: Uint8Array, pick: Pick): Uint8Array {
  const at = pick(bytes.length + 1);
  switch (pick(6)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return join(bytes.subarray(0, at), noise(1 + pick(8), pick(256)), bytes.subarray(at));
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(at + 1 + pick(8)));
    case 3:
      return join(bytes.subarray(0, at), bytes.subarray(at, at + 60), bytes.subarray(at));
    default: {
      const out = bytes.slice();
      for (let left = 1 + pick(3); left > 0 && out.length > 0; left--) {
        const place = pick(3) === 0 ? pick(Math.min(out.length, 40)) : pick(out.length);
        out[place] = pick(3) === 0 ? out[place] + (pick(2) === 0 ? 1 : -1) : pick(2) === 0 ? pick(256) : out[place] ^ (1 << pick(8));
      }
      return out;
    }
  }
}

/** A frame that a packet of the handshake may hold, or that contradicts what is there. */
function someFrame(pick: Pick): Uint8Array {
  const kinds = [
    () => PING,
    () => new Uint8Array(1 + pick(30)),
    () => ACK,
    () => ACK_ECN,
    () => cryptoFrame(pick(2) === 0 ? pick(8) : pick(2000), noise(pick(40), pick(256))),
    () => cryptoFrame(pick(20_000), noise(pick(3), pick(256))),
    () => join([6, 0xc0 | pick(64)], noise(7, pick(256)), [pick(20)], noise(20)),
    () => join([2, 1, 1, pick(64)], noise(pick(140), pick(256))),
    () => Uint8Array.of(pick(64)),
  ];
  return kinds[pick(kinds.length)]();
}

const VERSIONS = [1, V2, 0xff00001d, 0xfaceb002];
const LENGTHS = [0, 1, 8, 20];

function changePacket({ frames, parts }: PlannedPacket, pick: Pick): PlannedPacket {
  const version = parts.version ?? 1;
  const keyId = parts.keyId ?? parts.destination;
  switch (pick(12)) {
    case 0:
      return { frames, parts: { ...parts, destination: noise(LENGTHS[pick(4)], pick(9)), ...(pick(2) === 0 ? {} : { keyId }) } };
    case 1:
      return { frames, parts: { ...parts, source: noise(LENGTHS[pick(4)], pick(9)) } };
    case 2:
      return { frames, parts: { ...parts, version: pick(2) === 0 ? version : VERSIONS[pick(4)] } };
    case 3:
      return { frames, parts: { ...parts, type: pick(4) } };
    case 4:
      return { frames, parts: { ...parts, from: pick(2) === 0 ? 'client' : 'server' } };
    case 5:
      return { frames, parts: { ...parts, token: noise(pick(80)), number: pick(65_536) } };
    case 6:
    case 7:
      return { frames: join(someFrame(pick), frames), parts };
    case 8:
      return { frames: join(frames, someFrame(pick)), parts };
    default:
      return { frames: changed(frames, pick), parts };
  }
}

/** A flow like this one but for one to three things, from the order of datagrams down to bytes that are protected. */
export function changedPlan(plan: Plan, pick: Pick): Plan {
  const out = [...plan];
  for (let left = 1 + pick(3); left > 0 && out.length > 0; left--) {
    const at = pick(out.length);
    const other = pick(out.length);
    const { side, packets, tail } = out[at];
    const kind = pick(24);
    if (kind === 0) out.splice(at, 1);
    else if (kind === 1) out.splice(other, 0, out[at]);
    else if (kind === 2) [out[at], out[other]] = [out[other], out[at]];
    else if (kind === 3) out[at] = datagram(side === 0 ? 1 : 0, packets, tail);
    else if (kind === 4) out[at] = datagram(side, [...packets, ...out[other].packets], tail);
    else if (kind === 5)
      out[at] = datagram(side, packets, join(tail, pick(2) === 0 ? new Uint8Array(pick(40)) : noise(pick(60), pick(256))));
    else if (kind === 6) out.splice(at, 0, datagram(pick(2) as 0 | 1, [], noise(pick(60), pick(256))));
    else if (packets.length > 0) {
      const number = pick(packets.length);
      out[at] = datagram(side, packets.with(number, changePacket(packets[number], pick)), tail);
    }
  }
  return out;
}
