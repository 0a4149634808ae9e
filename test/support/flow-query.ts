/** A query for flows that asks for nothing in particular. */
import type { FlowPage } from '../../src/api/contract.ts';
import type { FlowQuery, History } from '../../src/api/sources.ts';

export function flowQuery(fields: Partial<FlowQuery> = {}): FlowQuery {
  return {
    state: 'ended',
    from: null,
    to: null,
    mac: null,
    address: null,
    port: null,
    protocol: null,
    app: null,
    direction: null,
    host: null,
    community_id: null,
    sort: 'last_seen',
    descending: true,
    limit: 100,
    cursor: null,
    ...fields,
  };
}

/** Every page of a query, one after another; `between` runs before each next one. */
export function allFlows(history: Pick<History, 'flows'>, query: FlowQuery, between: () => void = () => {}): FlowPage['flows'] {
  const flows: FlowPage['flows'] = [];
  let { cursor } = query;
  do {
    const page = history.flows({ ...query, cursor });
    if (page.flows.length > query.limit) throw new Error(`a page of ${page.flows.length} flows`);
    flows.push(...page.flows);
    cursor = page.next;
    if (cursor !== null) between();
  } while (cursor !== null);
  return flows;
}
