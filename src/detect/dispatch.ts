/** Shows a rule one event after the other, to whichever handlers it has for it. */
import type { AddressCache } from './address-cache.ts';
import type { DetectEvent, EventType } from './events.ts';
import type { RowHandlers, RuleHandlers } from './rule.ts';
import { singleAnswer, singleClose, singleVolume } from './single-row.ts';

type Handlers = RuleHandlers & RowHandlers;
/** Handlers that get single events. */
export type SingleType = EventType | 'pending' | 'settled';

/** Calls one handler if it is there; `event` is of its type. */
export function handle(handlers: Handlers, type: SingleType, event: DetectEvent): void {
  (handlers[type] as ((event: DetectEvent) => void) | undefined)?.(event);
}

/** Shows the event to all handlers that it is for; `addresses` is asked which of them are internal. */
export function dispatch(handlers: Handlers, event: DetectEvent, addresses: AddressCache): void {
  handle(handlers, event.type, event);
  if (event.type === 'open') {
    if (event.outcome !== 'accepted') handlers.pending?.(event);
  } else if (event.type === 'answer') {
    if (event.outcome !== 'accepted' || event.attemptAt === null) handlers.settled?.(event);
    handlers.answerRow?.(singleAnswer(event, addresses), 0);
  } else if (event.type === 'volume') handlers.volumeRow?.(singleVolume(event, addresses), 0);
  else if (event.type === 'close') handlers.closeRow?.(singleClose(event, addresses), 0);
}
