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
  private readonly flows: { readonly at: number; readonly flow: FlowTuple }[] = [];

  add(flow: FlowTuple, at: number): void {
    const last = this.flows.at(-1);
    // A busy flow tells its volume again and again; it is one flow all the same.
    if (last !== undefined && isSame(last.flow, flow)) {
      this.flows[this.flows.length - 1] = { at, flow: last.flow };
      return;
    }
    if (this.flows.length >= MOST_FLOWS) this.flows.shift();
    this.flows.push({ at, flow: tupleOf(flow) });
  }

  /** Flows later than `after`, oldest first. */
  since(after: number): FlowTuple[] {
    return this.flows.filter(({ at }) => at > after).map(({ flow }) => flow);
  }
}
