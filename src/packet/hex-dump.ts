/** Hexadecimal and ASCII, 16 bytes per row with a gap after the eighth. */

const ROW = 16;
/** Enough for the headers and the beginning of any application message, and still one screen. */
export const HEX_DUMP_BYTES = 256;

/** Rows without indentation; a last line says how many bytes were left out. */
export function hexDump(bytes: Uint8Array, limit = HEX_DUMP_BYTES): string[] {
  const shown = Math.min(bytes.length, limit);
  const rows: string[] = [];
  for (let at = 0; at < shown; at += ROW) rows.push(hexRow(bytes.subarray(at, Math.min(at + ROW, shown)), at));
  if (shown < bytes.length) rows.push(`… (${bytes.length - shown} bytes remaining)`);
  return rows;
}

function hexRow(bytes: Uint8Array, at: number): string {
  let hex = '';
  let ascii = '';
  for (let column = 0; column < ROW; column++) {
    const byte = bytes[column];
    hex += byte === undefined ? '   ' : `${byte.toString(16).padStart(2, '0')} `;
    if (column === 7) hex += ' ';
    if (byte !== undefined) ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }
  return `${at.toString(16).padStart(4, '0')}  ${hex} |${ascii}|`;
}
