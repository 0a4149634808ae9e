/** The flows of a shard whose application is still being found out: by slot, and from the oldest to the newest. */
import type { FlowApp } from '../app/flow-app.ts';

/** A flow in the order of age. */
interface Link {
  readonly app: FlowApp;
  older: Link | null;
  newer: Link | null;
}

export class OpenFlows {
  /** Indexed by slot: a Map would be searched at every packet. */
  private readonly links: (Link | undefined)[] = [];
  private oldestLink: Link | null = null;
  private newestLink: Link | null = null;

  get(slot: number): FlowApp | undefined {
    return slot < this.links.length ? this.links[slot]?.app : undefined;
  }

  get oldest(): FlowApp | null {
    return this.oldestLink?.app ?? null;
  }

  add(app: FlowApp): void {
    const link: Link = { app, older: this.newestLink, newer: null };
    if (this.newestLink === null) this.oldestLink = link;
    else this.newestLink.newer = link;
    this.newestLink = link;
    while (this.links.length <= app.slot) this.links.push(undefined);
    this.links[app.slot] = link;
  }

  delete(slot: number): void {
    const link = this.links[slot];
    if (link === undefined) return;
    if (link.older === null) this.oldestLink = link.newer;
    else link.older.newer = link.newer;
    if (link.newer === null) this.newestLink = link.older;
    else link.newer.older = link.older;
    this.links[slot] = undefined;
  }
}
