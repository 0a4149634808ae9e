import type { FlowPage, FrameMessage } from '../../api/contract.ts';
import { paths, sorted, withQuery } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import { testIds } from '../test-ids.ts';
import { formatBits, formatBytes, formatRate } from '../text/units.ts';
import type { Column } from './columns.ts';
import { FlowEndCell, FlowLines, ProtocolCell } from './flow-cells.tsx';
import { flowColumns } from './flow-columns.tsx';
import { GridTable } from './grid-table.tsx';
import { PageLink } from './page-link.tsx';
import { Panel } from './panel.tsx';
import { AnswerView, Empty } from './states.tsx';

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

const allFlows = <PageLink to="/flows">All flows</PageLink>;

/** The flows of most bytes in the last tick. */
export function TopTalkers({ top }: { top: FrameMessage['top'] }) {
  return (
    <Panel title="Top talkers" flush aside={allFlows}>
      {top.length === 0 ? (
        <Empty title="No flow carried bytes in the last tick." />
      ) : (
        <GridTable
          label="Top talkers"
          rows={top.slice(0, MOST)}
          columns={columns}
          keyOf={({ flow }) => flow.flow_id}
          firstOrder={firstOrder}
          testId={testIds.talkerRow}
        />
      )}
    </Panel>
  );
}

const largest = withQuery(paths.flows, { state: 'ended', ...sorted('bytes', true), limit: MOST });
const largestOrder = { sort: 'bytes', descending: true };
const shown = new Set(['flow', 'initiator', 'responder', 'app', 'packets', 'bytes']);
const largestColumns = flowColumns((flow) => `/flows?state=ended&flow=${encodeURIComponent(flow.flow_id)}`).filter(({ id }) =>
  shown.has(id),
);

/** When the run is over nobody talks any more: the flows of most bytes of all. */
export function LargestFlows() {
  const answer = useAnswer<FlowPage>(largest);
  return (
    <Panel title="Largest flows" flush aside={allFlows}>
      <AnswerView answer={answer}>
        {({ flows }) => (
          <GridTable
            label="Largest flows"
            rows={flows}
            columns={largestColumns}
            keyOf={({ flow_id }) => flow_id}
            firstOrder={largestOrder}
            testId={testIds.talkerRow}
          />
        )}
      </AnswerView>
    </Panel>
  );
}
