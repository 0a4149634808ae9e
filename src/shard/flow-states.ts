/** Label and risks of flows as texts, for flow events: an event is due when they are not what the last one has said. */
import type { FlowApp } from '../app/flow-app.ts';
import { NO_STATE, stateText } from './event-watch.ts';

export class FlowStates {
  /** The last state of flows about which nobody asks any more; and of all, what an event has said. */
  private readonly closed = new Map<number, string>();
  private readonly reported = new Map<number, string>();

  /** True when it is another state than when it was asked last. `app`: of a flow that is still being found out. */
  hasChanged(slot: number, app: FlowApp | undefined): boolean {
    const state = app === undefined ? (this.closed.get(slot) ?? NO_STATE) : stateText(app);
    if (state === (this.reported.get(slot) ?? NO_STATE)) return false;
    this.reported.set(slot, state);
    return true;
  }

  close(slot: number, app: FlowApp): void {
    this.closed.set(slot, stateText(app));
  }

  delete(slot: number): void {
    this.closed.delete(slot);
    this.reported.delete(slot);
  }
}
