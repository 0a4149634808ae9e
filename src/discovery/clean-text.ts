/** Texts of the network as the inventory keeps them. */

/** Controls, format characters, surrogates, private use, unassigned, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** Before the expensive steps: no text that is kept is longer than this. */
const MOST_CHARACTERS = 2048;

/** Valid UTF-8 of at most `limit` UTF-16 units, without control characters, without spaces around it; '' when nothing is left. */
export function cleanText(text: string, limit: number): string {
  const clean = text.slice(0, MOST_CHARACTERS).toWellFormed().replace(UNPRINTABLE, '').replaceAll('\uFFFD', '').trim();
  if (clean.length <= limit) return clean;
  // A character of two units at the cut goes as a whole.
  const isPair = (clean.codePointAt(limit - 1) ?? 0) > 0xffff;
  return clean.slice(0, isPair ? limit - 1 : limit).trim();
}
