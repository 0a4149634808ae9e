/** Access to rows of `row.ts` inside any buffer. Rows are little-endian wherever they lie; offsets need no alignment. */
export interface RowView {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Wraps a buffer of rows or outbox entries; make one per buffer, not one per row. */
export function rowView(bytes: Uint8Array): RowView {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
