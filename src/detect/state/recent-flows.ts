/** The last flows that counted towards a finding, for its evidence. */
import type { FlowTuple } from '../events.ts';
import { MOST_FLOWS } from '../rule.ts';

export class RecentFlows {
  /** Made for the second flow, as most sources have one. */
  private flows: FlowTuple[] | null = null;
  private only: FlowTuple | null = null;
  private next = 0;

  add(flow: FlowTuple): void {
    if (this.flows === null) {
      if (this.only === null) {
        this.only = flow;
        return;
      }
      this.flows = [this.only];
      this.next = 1;
    }
    this.flows[this.next] = flow;
    this.next = (this.next + 1) % MOST_FLOWS;
  }

  /** Oldest first; bare tuples, whatever events they came from. */
  list(): FlowTuple[] {
    const flows = this.flows ?? (this.only === null ? [] : [this.only]);
    const ordered = [...flows.slice(this.next), ...flows.slice(0, this.next)];
    return ordered.map(({ protocol, source, sourcePort, target, targetPort }) => ({ protocol, source, sourcePort, target, targetPort }));
  }
}
