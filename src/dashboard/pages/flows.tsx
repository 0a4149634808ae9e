import { SegmentedControl } from '@mantine/core';
import { useMemo } from 'react';
import type { Flow, FlowPage } from '../../api/contract.ts';
import { useRefresh, useStats } from '../live/live.tsx';
import { readFlows } from '../live/page-readers.ts';
import { paths, sorted, withQuery } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import { usePages } from '../live/use-pages.ts';
import type { Order } from '../parts/columns.ts';
import { Downloads } from '../parts/downloads.tsx';
import { flowColumns } from '../parts/flow-columns.tsx';
import { FlowDrawer } from '../parts/flow-drawer.tsx';
import { FlowFilters, flowFilters } from '../parts/flow-filters.tsx';
import { GridTable } from '../parts/grid-table.tsx';
import { Page } from '../parts/page.tsx';
import { Figure } from '../parts/stat.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { go, goQuery, type Place, usePlace } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';

const LIVE_LIMIT = 500;
const PAGE_LIMIT = 200;

interface ListProps {
  rows: readonly Flow[];
  order: Order;
  onOrder: (order: Order) => void;
  selected: string | null;
  onEnd?: () => void;
}

/** Opens a flow without leaving the filters. */
function flowLink(place: Place, flow: Flow): string {
  const query = new URLSearchParams(place.query);
  query.set('flow', flow.flow_id);
  return `/flows?${query}`;
}

function FlowTable({ rows, order, onOrder, selected, onEnd }: ListProps) {
  const place = usePlace();
  const columns = useMemo(() => flowColumns((flow) => flowLink(place, flow)), [place]);
  return (
    <GridTable
      label="Flows"
      virtual
      rows={rows}
      columns={columns}
      keyOf={({ flow_id }) => flow_id}
      order={order}
      onOrder={onOrder}
      onOpen={(flow) => go(flowLink(place, flow))}
      selected={selected}
      testId={testIds.flowRow}
      {...(onEnd === undefined ? {} : { onEnd })}
    />
  );
}

function useFlowRows(live: boolean, path: string) {
  const refresh = useRefresh();
  const now = useAnswer<FlowPage>(live ? path : null, refresh, true);
  const stored = usePages(live ? null : path, readFlows);
  if (live) {
    const more = now.value !== null && now.value.next !== null;
    return { rows: now.value?.flows ?? [], ready: now.value !== null, failure: now.failure, reload: now.reload, more, readMore: undefined };
  }
  return {
    rows: stored.rows,
    ready: stored.ready,
    failure: stored.failure,
    reload: stored.reload,
    more: stored.more,
    readMore: stored.readMore,
  };
}

export function FlowsPage() {
  const place = usePlace();
  const stats = useStats();
  const { query } = place;
  // Of a run that is over, history is all that there is.
  const live = query.has('state') ? query.get('state') !== 'ended' : stats?.sensor.state !== 'ended';
  const order: Order = { sort: query.get('sort') ?? (live ? 'bytes' : 'last_seen'), descending: query.get('order') !== 'asc' };
  const setOrder = ({ sort, descending }: Order) => goQuery(place, { sort, order: descending ? null : 'asc' });
  const filters = Object.fromEntries(flowFilters.map((name) => [name, query.get(name)]));
  const state = live ? 'live' : 'ended';
  const path = withQuery(paths.flows, {
    state,
    ...filters,
    ...sorted(order.sort, order.descending),
    limit: live ? LIVE_LIMIT : PAGE_LIMIT,
  });
  const { rows, ready, failure, reload, more, readMore } = useFlowRows(live, path);
  const filtered = flowFilters.some((name) => query.has(name));
  const heading = (
    <>
      Flows{' '}
      <span className="faint">
        <Figure testId={testIds.flowTotal} value={rows.length} text={ready ? `${formatCount(rows.length)} shown` : ''} />
        {live && !filtered && stats !== null ? ` of ${formatCount(stats.flows.live)} live` : more ? ', there are more' : ''}
      </span>
    </>
  );
  return (
    <Page name="flows" title="Flows" heading={heading} aside={<Downloads rows path={path} name="flows" />}>
      <div className="filters">
        <SegmentedControl
          size="xs"
          aria-label="Which flows"
          value={state}
          onChange={(value) => goQuery(place, { state: value, sort: null, order: null })}
          data={[
            { value: 'live', label: 'Live' },
            { value: 'ended', label: 'History' },
          ]}
        />
        <FlowFilters place={place} />
      </div>
      <div className="panel fill">
        {failure !== null && !ready && <Failed failure={failure} again={reload} />}
        {!ready && failure === null && <Loading lines={12} />}
        {ready && rows.length === 0 && (
          <Empty title={filtered ? 'No flow matches these filters.' : live ? 'No flow is live now.' : 'No flow is stored yet.'} />
        )}
        {ready && rows.length > 0 && (
          <FlowTable
            rows={rows}
            order={order}
            onOrder={setOrder}
            selected={query.get('flow')}
            {...(readMore === undefined ? {} : { onEnd: readMore })}
          />
        )}
      </div>
      <FlowDrawer id={query.get('flow')} onClose={() => goQuery(place, { flow: null })} />
    </Page>
  );
}
