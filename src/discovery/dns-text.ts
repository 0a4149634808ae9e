/** Names and texts of DNS in presentation form (RFC 4343 section 2.1), taken apart again. */

const LABEL_LIMIT = 127;
const STRING_LIMIT = 64;

/** The character that an escape at `at` (behind its backslash) stands for, and how long it is. */
function unescaped(text: string, at: number): [character: string, length: number] {
  const digits = /^\d{3}/.exec(text.slice(at, at + 3))?.[0];
  return digits === undefined ? [text[at] ?? '', 1] : [String.fromCharCode(Number(digits) & 0xff), 3];
}

/** Labels without escapes. */
export function labelsOf(name: string): string[] {
  const labels: string[] = [];
  let label = '';
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '\\') {
      const [character, length] = unescaped(name, at + 1);
      label += character;
      at += length;
    } else if (name[at] === '.') {
      if (labels.length < LABEL_LIMIT) labels.push(label);
      label = '';
    } else label += name[at];
  }
  if (label !== '') labels.push(label);
  return labels;
}

/** `"a=1" "b=2"` of a TXT record as keys in lower case and values (RFC 6763 section 6); the first of equal keys counts. */
export function textPairs(data: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let current: string | null = null;
  for (let at = 0; at < data.length && pairs.size < STRING_LIMIT; at++) {
    if (data[at] === '"') {
      if (current !== null) addPair(pairs, current);
      current = current === null ? '' : null;
    } else if (current !== null && data[at] === '\\') {
      const [character, length] = unescaped(data, at + 1);
      current += character;
      at += length;
    } else if (current !== null) current += data[at];
  }
  return pairs;
}

function addPair(pairs: Map<string, string>, text: string): void {
  const equals = text.indexOf('=');
  const key = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
  if (key !== '' && !pairs.has(key)) pairs.set(key, equals < 0 ? '' : text.slice(equals + 1));
}
