/** How often tests try the same again. */

const asked = process.env.WEIR_TEST_ROUNDS;

/** Whether this is the long form, of which the suite is the short one. */
export const isLongForm = asked !== undefined;

/** `inSuite` in the suite, WEIR_TEST_ROUNDS where that is set. */
export function roundsOf(inSuite: number): number {
  return asked === undefined ? inSuite : Number(asked);
}
