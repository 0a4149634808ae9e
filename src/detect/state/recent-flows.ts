/** The last flows that counted towards a finding, for its evidence. */
import type { FlowTuple } from '../events.ts';
import { MOST_FLOWS } from '../rule.ts';

export class RecentFlows {
  private readonly flows: FlowTuple[] = [];
  private next = 0;

  add(flow: FlowTuple): void {
    this.flows[this.next] = flow;
    this.next = (this.next + 1) % MOST_FLOWS;
  }

  /** Oldest first; bare tuples, whatever events they came from. */
  list(): FlowTuple[] {
    const ordered = [...this.flows.slice(this.next), ...this.flows.slice(0, this.next)];
    return ordered.map(({ protocol, source, sourcePort, target, targetPort }) => ({ protocol, source, sourcePort, target, targetPort }));
  }
}
