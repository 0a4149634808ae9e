/** Arguments brought into the one form that the parser understands. */

/**
 * `-ieth0` → `-i eth0`: the parser takes a letter's value only from the next argument or behind `=`.
 * Nothing behind `--` is touched.
 */
export function splitShortValues(args: readonly string[], valued: ReadonlySet<string>): string[] {
  const out: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    if (argument === '--') return [...out, ...args.slice(index)];
    const at = clusterValue(argument, valued);
    if (at === null) out.push(argument);
    else {
      if (at > 1) out.push(argument.slice(0, at));
      out.push(`-${argument[at]}`, argument.slice(at + 1).replace(/^=/, ''));
    }
  }
  return out;
}

/** Position of the letter in a cluster of short flags whose value is the rest of it, or null. */
function clusterValue(argument: string, valued: ReadonlySet<string>): number | null {
  if (!/^-[A-Za-z]/.test(argument)) return null;
  for (let at = 1; at < argument.length - 1 && /[A-Za-z]/.test(argument[at]); at++) {
    if (valued.has(argument[at])) return at;
  }
  return null;
}
