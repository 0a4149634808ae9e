/** Rows of a hex dump: offset, sixteen bytes, and those that are printable. */

const ROW = 16;

/** `hex`: two digits a byte with or without blanks between; a text that is a dump already is only cut into lines. */
export function hexRows(hex: string): string[] {
  const digits = hex.replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) return hex.split('\n');
  const bytes = digits.match(/../g) ?? [];
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.slice(at, at + ROW);
    const text = row
      .map((byte) => Number.parseInt(byte, 16))
      .map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.'));
    const left = row.slice(0, 8).join(' ').padEnd(23);
    const right = row.slice(8).join(' ').padEnd(23);
    rows.push(`${at.toString(16).padStart(4, '0')}  ${left}  ${right}  ${text.join('')}`);
  }
  return rows;
}
