import { readNames } from '../../../src/flow/name-list.ts';
import type { TickMessage } from '../../../src/shard/protocol.ts';

/** The names of a tick in the order in which they were told, whoever has read them. */
export function toldNames({ names }: TickMessage) {
  return names.flatMap(readNames).sort((one, other) => one.atNs - other.atNs);
}

/** The tick with those in place of the lists. */
export function withToldNames(tick: TickMessage) {
  return { ...tick, names: toldNames(tick) };
}
