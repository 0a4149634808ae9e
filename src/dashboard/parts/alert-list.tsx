import type { Alert } from '../../api/contract.ts';
import { go } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';
import { fieldLabel } from '../text/visible.ts';
import type { Column } from './columns.ts';
import { GridTable } from './grid-table.tsx';
import { Mark, SeverityMark } from './mark.tsx';
import { Name } from './name.tsx';
import { PageLink } from './page-link.tsx';
import { Empty } from './states.tsx';
import { When } from './when.tsx';

const steps: Record<Alert['severity'], number> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };

export const alertPath = (id: string): string => `/alerts?alert=${encodeURIComponent(id)}`;

function AlertState({ alert }: { alert: Alert }) {
  if (alert.acknowledged !== null) return <Mark tone="good" text="Seen" title="Acknowledged" />;
  return alert.suppressed ? <Mark tone="quiet" icon="minus" text="Muted" title="Suppressed" /> : <span>Open</span>;
}

const Kind = ({ alert }: { alert: Alert }) => (
  <PageLink to={alertPath(alert.alert_id)}>
    <Name text={fieldLabel(alert.kind)} />
  </PageLink>
);

const columns: readonly Column<Alert>[] = [
  {
    id: 'alert',
    label: 'Alert',
    track: 'minmax(0, 1fr)',
    until: 'medium',
    cell: (alert) => (
      <span className="two-lines">
        <Kind alert={alert} />
        <span className="second">
          <Name text={alert.description} />
        </span>
      </span>
    ),
  },
  {
    id: 'severity',
    label: 'Severity',
    track: '6.75rem',
    value: ({ severity }) => steps[severity] ?? 0,
    cell: ({ severity }) => <SeverityMark severity={severity} />,
  },
  { id: 'ts', label: 'Time', track: '10.5rem', from: 'medium', value: ({ ts }) => ts, cell: ({ ts }) => <When at={ts} /> },
  {
    id: 'kind',
    label: 'Kind',
    track: 'minmax(8rem, 0.8fr)',
    from: 'wide',
    value: ({ kind }) => kind,
    cell: (alert) => <Kind alert={alert} />,
  },
  {
    id: 'source',
    label: 'Source',
    track: 'minmax(0, 0.9fr)',
    from: 'wide',
    value: ({ source }) => source ?? '',
    cell: ({ source }) => <Name text={source ?? '–'} mono />,
  },
  {
    id: 'target',
    label: 'Target',
    track: 'minmax(0, 0.9fr)',
    from: 'wide',
    value: ({ target }) => target ?? '',
    cell: ({ target }) => <Name text={target ?? '–'} mono />,
  },
  {
    id: 'description',
    label: 'Description',
    track: 'minmax(0, 2fr)',
    from: 'wide',
    cell: ({ description }) => <Name text={description} />,
  },
  {
    id: 'count',
    label: 'Times',
    track: '4.5rem',
    end: true,
    from: 'wide',
    value: ({ count }) => count,
    cell: ({ count }) => formatCount(count),
  },
  { id: 'state', label: 'State', track: '5.5rem', from: 'wide', cell: (alert) => <AlertState alert={alert} /> },
];

const firstOrder = { sort: 'ts', descending: true };

interface AlertListProps {
  alerts: readonly Alert[];
  label: string;
  empty: string;
  selected?: string | null;
}

export function AlertList({ alerts, label, empty, selected = null }: AlertListProps) {
  if (alerts.length === 0) return <Empty title={empty} />;
  return (
    <GridTable
      label={label}
      rows={alerts}
      columns={columns}
      keyOf={({ alert_id }) => alert_id}
      firstOrder={firstOrder}
      onOpen={({ alert_id }) => go(alertPath(alert_id))}
      selected={selected}
      testId={testIds.alertRow}
    />
  );
}
