/** TCP options; kinds by the IANA registry. */
import { hexText } from '../address.ts';
import type { SackBlock, TcpOptions } from './layers.ts';

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

const NAMES = new Map<number, string>([
  [14, 'alternate checksum'],
  [19, 'MD5 signature'],
  [28, 'user timeout'],
  [29, 'authentication'],
  [30, 'multipath'],
  [34, 'fast open'],
  [253, 'experiment'],
  [254, 'experiment'],
]);

type Draft = { -readonly [Key in keyof TcpOptions]: TcpOptions[Key] };

/** `wireLength`: bytes of options on the wire; when the capture cut them, a last one that misses is not the sender's fault. */
export function decodeTcpOptions(bytes: Uint8Array, wireLength: number): TcpOptions {
  const draft: Draft = {
    kinds: [],
    mss: null,
    windowScale: null,
    sackPermitted: false,
    sack: [],
    timestamps: null,
    others: [],
    malformed: false,
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const kind = view.getUint8(at);
    draft.kinds.push(kind);
    if (kind === END) break;
    if (kind === NOP) {
      at += 1;
      continue;
    }
    const sized = at + 1 < bytes.length;
    const length = sized ? view.getUint8(at + 1) : 2;
    if (length < 2 || at + length > wireLength) {
      draft.malformed = true;
      break;
    }
    if (!sized || at + length > bytes.length) break;
    takeOption(draft, kind, new DataView(bytes.buffer, bytes.byteOffset + at + 2, length - 2));
    at += length;
  }
  return draft;
}

const FIXED_SIZES = new Set([MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS]);

/** An option whose length is not the one of its kind stays in `others`, as it is, and makes the list malformed. */
function takeOption(draft: Draft, kind: number, value: DataView): void {
  const size = value.byteLength;
  if (kind === MSS && size === 2) draft.mss = value.getUint16(0);
  else if (kind === WINDOW_SCALE && size === 1) draft.windowScale = value.getUint8(0);
  else if (kind === SACK_PERMITTED && size === 0) draft.sackPermitted = true;
  else if (kind === TIMESTAMPS && size === 8) draft.timestamps = { value: value.getUint32(0), echo: value.getUint32(4) };
  else if (kind === SACK && size > 0 && size % 8 === 0) draft.sack = sackBlocks(value);
  else {
    if (FIXED_SIZES.has(kind)) draft.malformed = true;
    const hex = hexText(new Uint8Array(value.buffer, value.byteOffset, size));
    draft.others.push({ kind, name: NAMES.get(kind) ?? `option ${kind}`, hex });
  }
}

function sackBlocks(value: DataView): SackBlock[] {
  const blocks: SackBlock[] = [];
  for (let at = 0; at + 8 <= value.byteLength; at += 8) blocks.push({ left: value.getUint32(at), right: value.getUint32(at + 4) });
  return blocks;
}

const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** Names of the set flags, FIN first. */
export function tcpFlagNames(flags: number): string[] {
  return FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0);
}
