/** One generated header of native/app/tables. */
export interface GeneratedTable {
  file: string;
  /** What stands at its top, without the comment signs. */
  doc: readonly string[];
  /** From the first #include on. */
  lines: readonly string[];
}

/** A text as a C++ literal. */
export function literal(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Items of an initializer, as many to a line as go in. */
export function packed(items: readonly string[]): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.length - 1;
    if (last >= 0 && lines[last].length + item.length + 2 <= 150) lines[last] += ` ${item},`;
    else lines.push(`    ${item},`);
  }
  return lines;
}
