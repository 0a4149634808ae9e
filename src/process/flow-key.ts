/** What a flow is called between the thread that names processes and the one that merges rows: unique while it lives. */

/** `ordinal`: of the first packet. An outer flow of a tunnel may share hash and packet with one that is none. */
export function flowKey(hashLo: number, hashHi: number, ordinal: number, outer: boolean): string {
  return `${ordinal}/${hashLo >>> 0}/${hashHi >>> 0}${outer ? '/o' : ''}`;
}
