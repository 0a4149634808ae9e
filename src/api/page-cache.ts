/**
 * Answers from history as text, for as long as history stays as it is: it changes once per tick, while pages that many look
 * at ask for the same several times in between.
 */

/** Characters of all texts together; when more come, all are forgotten. */
const MOST_CHARACTERS = 8 << 20;

export class PageCache {
  readonly #version: () => number;
  readonly #texts = new Map<string, string>();
  #at = Number.NaN;
  #characters = 0;

  /** `version` changes whenever what `make` would read does. */
  constructor(version: () => number) {
    this.#version = version;
  }

  /** The text for a key: one that is known, or a new one. */
  text(key: string, make: () => string): string {
    // Asked before `make` reads: what is written in between belongs to the next version.
    const version = this.#version();
    if (version !== this.#at) this.#forget(version);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = make();
    if (this.#characters + key.length + text.length > MOST_CHARACTERS) this.#forget(version);
    this.#characters += key.length + text.length;
    this.#texts.set(key, text);
    return text;
  }

  #forget(version: number): void {
    this.#texts.clear();
    this.#characters = 0;
    this.#at = version;
  }
}
