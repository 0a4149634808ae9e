import { Button, Drawer } from '@mantine/core';
import { useState } from 'react';
import type { PacketDetail, PacketPage, PacketRow } from '../../api/contract.ts';
import { useLive, useRefresh } from '../live/live.tsx';
import { paths, withQuery } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import type { Column } from '../parts/columns.ts';
import { Downloads } from '../parts/downloads.tsx';
import { GridTable } from '../parts/grid-table.tsx';
import { Name } from '../parts/name.tsx';
import { PacketView } from '../parts/packet-view.tsx';
import { Page } from '../parts/page.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { AnswerView, Empty } from '../parts/states.tsx';
import { useWidth } from '../parts/viewport.ts';
import { When } from '../parts/when.tsx';
import { go, goQuery, usePlace } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';

const LIMIT = 200;
const packetPath = ({ ordinal }: PacketRow): string => `/packets?packet=${ordinal}`;

const columns: readonly Column<PacketRow>[] = [
  {
    id: 'packet',
    label: 'Packet',
    track: 'minmax(0, 1fr)',
    until: 'medium',
    cell: (row) => (
      <span className="two-lines">
        <PageLink to={packetPath(row)}>
          <Name text={`${row.source} → ${row.destination}`} mono />
        </PageLink>
        <span className="second">
          <Name text={row.summary} />
        </span>
      </span>
    ),
  },
  {
    id: 'ordinal',
    label: 'No.',
    track: '5.5rem',
    end: true,
    from: 'medium',
    value: ({ ordinal }) => ordinal,
    cell: (row) => <PageLink to={packetPath(row)}>{formatCount(row.ordinal)}</PageLink>,
  },
  { id: 'time', label: 'Time', track: '8.5rem', from: 'wide', cell: ({ time }) => <When at={time} style="micros" /> },
  { id: 'source', label: 'Source', track: 'minmax(0, 1fr)', from: 'wide', cell: ({ source }) => <Name text={source} mono /> },
  {
    id: 'destination',
    label: 'Destination',
    track: 'minmax(0, 1fr)',
    from: 'wide',
    cell: ({ destination }) => <Name text={destination} mono />,
  },
  { id: 'protocol', label: 'Protocol', track: '4.5rem', cell: ({ protocol }) => <Name text={protocol} /> },
  {
    id: 'length',
    label: 'Length',
    track: '4.75rem',
    end: true,
    from: 'wall',
    value: ({ length }) => length,
    cell: ({ length }) => `${formatCount(length)} B`,
  },
  { id: 'summary', label: 'Summary', track: 'minmax(0, 2fr)', from: 'wall', cell: ({ summary }) => <Name text={summary} /> },
];

const firstOrder = { sort: 'ordinal', descending: true };

function PacketList({ page, selected }: { page: PacketPage; selected: string | null }) {
  if (page.packets.length === 0) return <Empty title="No packet is kept now.">The sensor keeps the latest packets only.</Empty>;
  return (
    <GridTable
      label="Packets"
      virtual
      rows={page.packets}
      columns={columns}
      keyOf={({ ordinal }) => String(ordinal)}
      firstOrder={firstOrder}
      onOpen={(row) => go(packetPath(row))}
      selected={selected}
      testId={testIds.packetRow}
    />
  );
}

function ChosenPacket({ ordinal }: { ordinal: number }) {
  const answer = useAnswer<PacketDetail>(paths.packet(ordinal));
  const status = answer.failure?.status;
  if (status === 404 || status === 410) {
    return (
      <div className="state state-empty" data-testid={testIds.packetGone} role="status">
        <p className="state-title">
          {status === 410 ? `Packet ${formatCount(ordinal)} is gone.` : `There is no packet ${formatCount(ordinal)}.`}
        </p>
        <p>{answer.failure?.message}</p>
        <p>The sensor keeps the latest packets only. Pause the page to read in peace, or capture to a file.</p>
      </div>
    );
  }
  return (
    <AnswerView answer={answer} lines={10}>
      {(packet) => <PacketView packet={packet} />}
    </AnswerView>
  );
}

export function PacketsPage() {
  const place = usePlace();
  const { paused } = useLive();
  const beside = ['wide', 'wall'].includes(useWidth());
  const [before, setBefore] = useState<number | null>(null);
  const refresh = useRefresh();
  const path = withQuery(paths.packets, { limit: LIMIT, before });
  const answer = useAnswer<PacketPage>(path, before === null ? refresh : null, true);
  const chosen = place.query.get('packet');
  const ordinal = chosen !== null && /^[1-9]\d{0,15}$/.test(chosen) ? Number(chosen) : null;
  const last = answer.value?.packets.at(-1)?.ordinal ?? null;
  const oldest = answer.value?.oldest ?? null;
  const close = () => goQuery(place, { packet: null });
  return (
    <Page name="packets" title="Packets" aside={<Downloads path={path} name="packets" />}>
      <div className="filters">
        <span className="faint">
          {before === null ? (paused ? 'Paused' : 'Newest first') : `Before packet ${formatCount(before)}`}
          {oldest !== null && `, kept back to ${formatCount(oldest)}`}
        </span>
        <Button size="xs" variant="default" disabled={before === null} onClick={() => setBefore(null)}>
          Newest
        </Button>
        <Button size="xs" variant="default" disabled={last === null || (oldest !== null && last <= oldest)} onClick={() => setBefore(last)}>
          Older
        </Button>
      </div>
      <div className={beside ? 'split' : ''}>
        <div className="panel fill">
          <AnswerView answer={answer} lines={12}>
            {(page) => <PacketList page={page} selected={chosen} />}
          </AnswerView>
        </div>
        {beside && (
          <section className="panel fill split-end" aria-label="Chosen packet">
            {ordinal === null ? (
              <Empty title="Choose a packet to see its layers and bytes." />
            ) : (
              <ChosenPacket key={ordinal} ordinal={ordinal} />
            )}
          </section>
        )}
      </div>
      {!beside && (
        <Drawer
          opened={ordinal !== null}
          onClose={close}
          position="right"
          size="min(40rem, 100vw)"
          title="Packet"
          closeButtonProps={{ 'aria-label': 'Close' }}
        >
          {ordinal !== null && <ChosenPacket key={ordinal} ordinal={ordinal} />}
        </Drawer>
      )}
    </Page>
  );
}
