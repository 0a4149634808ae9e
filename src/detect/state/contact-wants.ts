/**
 * Which flows of its protocols a rule about contacts wants, described rather than worked out by a function of its own: so
 * that the native walk can tell as well (`native/detect/contact_wants.h`).
 */
import type { OpenEvent } from '../events.ts';

/** What decides whether a rule is about a flow. */
export type ContactFlow = Pick<OpenEvent, 'protocol' | 'source' | 'sourcePort' | 'target' | 'targetPort' | 'icmpType'>;

/** All of it must hold. */
export interface ContactWants {
  /** By protocol: ICMP messages of these types, none of a protocol that is not there. */
  readonly icmpTypes?: ReadonlyMap<number, readonly number[]>;
  /** A datagram of a service to a client is an answer whose question was not seen. */
  readonly noAnswers?: true;
  /** To many at once; nobody has to answer. */
  readonly noGroups?: true;
  /** Target ports that do not count, with both ends. */
  readonly exceptPorts?: { readonly first: number; readonly last: number };
}

const FIRST_FREE_PORT = 1024;

const byte = (address: string, at: number): number => address.charCodeAt(at);

function isGroupAddress(address: string): boolean {
  if (address.length !== 4) return byte(address, 0) === 0xff;
  return byte(address, 0) >= 224 || byte(address, 3) === 255;
}

const isAnswer = ({ sourcePort, targetPort }: ContactFlow): boolean => sourcePort < FIRST_FREE_PORT && targetPort >= FIRST_FREE_PORT;

export function isWanted({ icmpTypes, noAnswers, noGroups, exceptPorts }: ContactWants, flow: ContactFlow): boolean {
  if (icmpTypes !== undefined && icmpTypes.get(flow.protocol)?.includes(flow.icmpType) !== true) return false;
  if (noAnswers && isAnswer(flow)) return false;
  if (exceptPorts !== undefined && flow.targetPort >= exceptPorts.first && flow.targetPort <= exceptPorts.last) return false;
  return !(noGroups && isGroupAddress(flow.target));
}

/** `ContactWants` of one protocol as numbers, in the order of the native struct of that name. */
const WANTS_WORDS = 3;
const MOST_WANTS = 8;
const MOST_TYPES = 4;
/** Of all protocols. */
export const WANTS_MEMORY_WORDS = 256 * MOST_WANTS * WANTS_WORDS;

/** In the first word; USED is set where there is a description. */
const WantsFlag = { USED: 1, NO_ANSWERS: 2, NO_GROUPS: 4, ONLY_TYPES: 8 } as const;

/** Writes down what rules want of flows of `protocol`. False, and nothing is written, when there is no room for that. */
export function writeWants(memory: Uint32Array, protocol: number, wants: readonly ContactWants[]): boolean {
  const possible = wants.filter(({ icmpTypes }) => icmpTypes === undefined || (icmpTypes.get(protocol)?.length ?? 0) > 0);
  const isTooMuch = possible.some(({ icmpTypes }) => (icmpTypes?.get(protocol)?.length ?? 0) > MOST_TYPES);
  if (isTooMuch || possible.length > MOST_WANTS) return false;
  const start = protocol * MOST_WANTS * WANTS_WORDS;
  memory.fill(0, start, start + MOST_WANTS * WANTS_WORDS);
  for (const [index, one] of possible.entries()) memory.set(wordsOf(one, protocol), start + index * WANTS_WORDS);
  return true;
}

function wordsOf({ icmpTypes, noAnswers, noGroups, exceptPorts }: ContactWants, protocol: number): number[] {
  const { USED, NO_ANSWERS, NO_GROUPS, ONLY_TYPES } = WantsFlag;
  const only = icmpTypes === undefined ? 0 : ONLY_TYPES;
  // Places that are left repeat the first type; a range that ends before it begins holds no port.
  const types = icmpTypes?.get(protocol) ?? [0];
  const { first, last } = exceptPorts ?? { first: 1, last: 0 };
  const flags = USED | (noAnswers ? NO_ANSWERS : 0) | (noGroups ? NO_GROUPS : 0) | only;
  const typeAt = (at: number) => types[at < types.length ? at : 0];
  return [flags, first | (last << 16), typeAt(0) | (typeAt(1) << 8) | (typeAt(2) << 16) | (typeAt(3) << 24)];
}
