/** Addresses as rules know them: their bytes, one character each. */
export function addressKey(bytes: Uint8Array, at: number, isV6: boolean): string {
  return Buffer.prototype.latin1Slice.call(bytes, at, at + (isV6 ? 16 : 4));
}
