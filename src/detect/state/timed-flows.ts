/** The last flows that counted within a sliding window, as a finding's proof. */
import type { FlowTuple } from '../events.ts';
import { MOST_FLOWS } from '../rule.ts';

/** Only what names the flow: events are not to be kept. */
export function tupleOf({ protocol, source, sourcePort, target, targetPort }: FlowTuple): FlowTuple {
  return { protocol, source, sourcePort, target, targetPort };
}

function isSame(a: FlowTuple, b: FlowTuple): boolean {
  const isPorts = a.sourcePort === b.sourcePort && a.targetPort === b.targetPort && a.protocol === b.protocol;
  return isPorts && a.target === b.target && a.source === b.source;
}

export class TimedFlows {
  private readonly flows: FlowTuple[] = [];
  private readonly times: number[] = [];

  add(flow: FlowTuple, at: number): void {
    const { flows, times } = this;
    const last = flows.length - 1;
    // A busy flow tells its volume again and again; it is one flow all the same.
    if (last >= 0 && isSame(flows[last], flow)) {
      times[last] = at;
      return;
    }
    if (flows.length >= MOST_FLOWS) {
      flows.shift();
      times.shift();
    }
    flows.push(tupleOf(flow));
    times.push(at);
  }

  /** Flows later than `after`, oldest first. */
  since(after: number): FlowTuple[] {
    return this.flows.filter((_, index) => this.times[index] > after);
  }
}
