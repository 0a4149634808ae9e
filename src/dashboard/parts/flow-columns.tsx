/** Columns of a table of flows; their ids are the API's names for its orders. */
import type { Flow } from '../../api/contract.ts';
import { formatBytes, formatCount, formatDuration, formatMillis } from '../text/units.ts';
import type { Column } from './columns.ts';
import { FlowEndCell, FlowLines, ProtocolCell } from './flow-cells.tsx';
import { Name } from './name.tsx';
import { PageLink } from './page-link.tsx';
import { When } from './when.tsx';

const measured: readonly Column<Flow>[] = [
  { id: 'app', label: 'Application', track: 'minmax(0, 0.9fr)', from: 'medium', cell: (flow) => <ProtocolCell flow={flow} /> },
  { id: 'host', label: 'Host', track: 'minmax(0, 1.2fr)', from: 'wide', cell: ({ host }) => <Name text={host ?? '–'} /> },
  {
    id: 'conn_state',
    label: 'State',
    track: '4rem',
    from: 'wide',
    cell: ({ conn_state, history }) => <span title={`history ${history || '–'}`}>{conn_state ?? '–'}</span>,
  },
  { id: 'rtt', label: 'Round trip', track: '6rem', end: true, from: 'wall', cell: ({ rtt_ms }) => formatMillis(rtt_ms) },
  {
    id: 'retransmissions',
    label: 'Resent',
    track: '4.5rem',
    end: true,
    from: 'wall',
    cell: ({ retransmissions }) => formatCount(retransmissions),
  },
  {
    id: 'packets',
    label: 'Packets',
    track: '5.25rem',
    end: true,
    from: 'medium',
    value: ({ packets }) => packets,
    cell: ({ packets }) => formatCount(packets),
  },
  {
    id: 'bytes',
    label: 'Bytes',
    track: '5.5rem',
    end: true,
    value: ({ bytes }) => bytes,
    cell: ({ bytes, bytes_in, bytes_out }) => (
      <span title={`${formatBytes(bytes_out)} by the initiator, ${formatBytes(bytes_in)} by the responder`}>{formatBytes(bytes)}</span>
    ),
  },
  {
    id: 'duration',
    label: 'Duration',
    track: '6.25rem',
    end: true,
    from: 'wide',
    value: (flow) => flow.duration_secs,
    cell: (flow) => formatDuration(flow.duration_secs),
  },
  {
    id: 'last_seen',
    label: 'Last packet',
    track: '6rem',
    end: true,
    from: 'wide',
    value: ({ last_seen }) => last_seen,
    cell: ({ last_seen }) => <When at={last_seen} style="clock" />,
  },
];

/** `linkOf`: where a flow is opened. */
export function flowColumns(linkOf: (flow: Flow) => string): Column<Flow>[] {
  return [
    {
      id: 'flow',
      label: 'Flow',
      track: 'minmax(0, 1fr)',
      until: 'medium',
      cell: (flow) => (
        <PageLink to={linkOf(flow)}>
          <FlowLines flow={flow} />
        </PageLink>
      ),
    },
    {
      id: 'initiator',
      label: 'Initiator',
      track: 'minmax(0, 1.5fr)',
      from: 'wide',
      cell: (flow) => (
        <PageLink to={linkOf(flow)}>
          <FlowEndCell end={flow.initiator} />
        </PageLink>
      ),
    },
    {
      id: 'responder',
      label: 'Responder',
      track: 'minmax(0, 1.5fr)',
      from: 'wide',
      cell: ({ responder }) => <FlowEndCell end={responder} />,
    },
    ...measured,
  ];
}
