/**
 * Names that carry bytes instead of naming something. A label counts as cargo when it has at least 24 characters, letters
 * and digits only, and more than 3.3 bits of entropy per character; a name is called tunnelled when its cargo adds up to
 * more than 48 characters. One random label of a content network, a hash of 32 digits or a UUID stays below that; reverse
 * names have short labels.
 */

export const CARGO_LABEL = 24;
export const CARGO_NAME = 48;
export const CARGO_ENTROPY = 3.3;

const counts = new Uint8Array(36);

/** Bits per character of the letters and digits in [from, to); 0 when there is anything else. */
function entropy(name: string, from: number, to: number): number {
  counts.fill(0);
  for (let i = from; i < to; i++) {
    const code = name.charCodeAt(i) | 0x20;
    const digit = name.charCodeAt(i) - 0x30;
    if (digit >= 0 && digit <= 9) counts[26 + digit]++;
    else if (code >= 0x61 && code <= 0x7a) counts[code - 0x61]++;
    else return 0;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / (to - from)) * Math.log2(count / (to - from));
  return bits;
}

export function looksTunnelled(name: string): boolean {
  let cargo = 0;
  for (let from = 0; from < name.length; ) {
    const dot = name.indexOf('.', from);
    const to = dot < 0 ? name.length : dot;
    if (to - from >= CARGO_LABEL && entropy(name, from, to) > CARGO_ENTROPY) cargo += to - from;
    from = to + 1;
  }
  return cargo > CARGO_NAME;
}
