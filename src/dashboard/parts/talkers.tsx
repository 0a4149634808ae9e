import type { FrameMessage } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { formatBits, formatBytes, formatRate } from '../text/units.ts';
import type { Column } from './columns.ts';
import { FlowEndCell, FlowLines, ProtocolCell } from './flow-cells.tsx';
import { GridTable } from './grid-table.tsx';
import { PageLink } from './page-link.tsx';
import { Empty } from './states.tsx';

type Talker = FrameMessage['top'][number];

const flowPath = ({ flow }: Talker) => `/flows?flow=${encodeURIComponent(flow.flow_id)}`;

const columns: readonly Column<Talker>[] = [
  {
    id: 'flow',
    label: 'Flow',
    track: 'minmax(0, 1fr)',
    until: 'medium',
    cell: (talker) => (
      <PageLink to={flowPath(talker)}>
        <FlowLines flow={talker.flow} />
      </PageLink>
    ),
  },
  {
    id: 'initiator',
    label: 'Initiator',
    track: 'minmax(0, 1.4fr)',
    from: 'wide',
    cell: (talker) => (
      <PageLink to={flowPath(talker)}>
        <FlowEndCell end={talker.flow.initiator} />
      </PageLink>
    ),
  },
  {
    id: 'responder',
    label: 'Responder',
    track: 'minmax(0, 1.4fr)',
    from: 'wide',
    cell: ({ flow }) => <FlowEndCell end={flow.responder} />,
  },
  { id: 'app', label: 'Application', track: 'minmax(0, 0.9fr)', from: 'medium', cell: ({ flow }) => <ProtocolCell flow={flow} /> },
  { id: 'rate', label: 'Rate', track: '7rem', end: true, value: ({ bps }) => bps, cell: ({ bps }) => formatBits(bps) },
  { id: 'pps', label: 'Packets', track: '5.5rem', end: true, from: 'wide', value: ({ pps }) => pps, cell: ({ pps }) => formatRate(pps) },
  {
    id: 'bytes',
    label: 'Bytes',
    track: '6rem',
    end: true,
    from: 'medium',
    value: ({ flow }) => flow.bytes,
    cell: ({ flow }) => formatBytes(flow.bytes),
  },
];

const MOST = 10;
const firstOrder = { sort: 'rate', descending: true };

/** The flows of most bytes in the last tick. */
export function Talkers({ top }: { top: FrameMessage['top'] }) {
  if (top.length === 0) return <Empty title="No flow carried bytes in the last tick." />;
  return (
    <GridTable
      label="Top talkers"
      rows={top.slice(0, MOST)}
      columns={columns}
      keyOf={({ flow }) => flow.flow_id}
      firstOrder={firstOrder}
      testId={testIds.talkerRow}
    />
  );
}
