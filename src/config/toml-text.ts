/** Values and keys as TOML, for --print-config. */

/** A basic string. JSON escapes the same characters, but for U+007F and what JSON leaves and TOML forbids. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

/** Bare where it may be. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : tomlString(name);
}
