/**
 * Gives memory back without waiting for the garbage collector, which sees small objects in front of large buffers and
 * comes late: a tick's rows stayed two or three times over. Each array must be all that uses its buffer; it is empty then.
 */
export function freeAtOnce(arrays: readonly Uint8Array[]): void {
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
