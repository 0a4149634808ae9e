import type { Device } from '../../api/contract.ts';
import { useLive } from '../live/live.tsx';
import { readDevices } from '../live/page-readers.ts';
import { paths, sorted, withQuery } from '../live/paths.ts';
import { usePages } from '../live/use-pages.ts';
import type { Column, Order } from '../parts/columns.ts';
import { Downloads } from '../parts/downloads.tsx';
import { GridTable } from '../parts/grid-table.tsx';
import { More } from '../parts/more.tsx';
import { Name } from '../parts/name.tsx';
import { Page } from '../parts/page.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { When } from '../parts/when.tsx';
import { go, goQuery, usePlace } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount } from '../text/units.ts';

const LIMIT = 100;

export const devicePath = (mac: string): string => `/devices/${encodeURIComponent(mac)}`;

const deviceTitle = (device: Device): string => device.hostname ?? device.ips[0] ?? device.mac;

/** What a device is when its vendor is not known: a locally administered address has none. */
function vendorText({ vendor, local_address }: Device): string {
  return vendor ?? (local_address ? 'local address' : '–');
}

const DeviceLink = ({ device }: { device: Device }) => (
  <PageLink to={devicePath(device.mac)}>
    <Name text={deviceTitle(device)} />
  </PageLink>
);

const columns: readonly Column<Device>[] = [
  {
    id: 'device',
    label: 'Device',
    track: 'minmax(0, 1.4fr)',
    until: 'medium',
    cell: (device) => (
      <span className="two-lines">
        <DeviceLink device={device} />
        <span className="second">
          <Name text={device.mac} mono />
        </span>
      </span>
    ),
  },
  {
    id: 'hostname',
    label: 'Name',
    track: 'minmax(0, 1.4fr)',
    from: 'wide',
    value: deviceTitle,
    cell: (device) => <DeviceLink device={device} />,
  },
  { id: 'mac', label: 'MAC', track: '10rem', from: 'wide', value: ({ mac }) => mac, cell: ({ mac }) => <Name text={mac} mono /> },
  {
    id: 'ip',
    label: 'Address',
    track: 'minmax(0, 1.2fr)',
    from: 'wide',
    cell: ({ ips }) => (
      <span className="name">
        <Name text={ips[0] ?? '–'} mono />
        {ips.length > 1 && <span className="faint"> +{ips.length - 1}</span>}
      </span>
    ),
  },
  { id: 'vendor', label: 'Vendor', track: 'minmax(0, 1fr)', from: 'medium', cell: (device) => <Name text={vendorText(device)} /> },
  { id: 'kind', label: 'Kind', track: '5rem', from: 'wide', cell: ({ kind }) => kind },
  { id: 'os', label: 'System', track: 'minmax(0, 0.9fr)', from: 'wall', cell: ({ os }) => <Name text={os ?? '–'} /> },
  {
    id: 'flows',
    label: 'Flows',
    track: '5rem',
    end: true,
    from: 'medium',
    value: ({ flows }) => flows,
    cell: ({ flows }) => formatCount(flows),
  },
  {
    id: 'bytes',
    label: 'Bytes',
    track: '6rem',
    end: true,
    value: ({ bytes_in, bytes_out }) => bytes_in + bytes_out,
    cell: ({ bytes_in, bytes_out }) => (
      <span title={`${formatBytes(bytes_in)} in, ${formatBytes(bytes_out)} out`}>{formatBytes(bytes_in + bytes_out)}</span>
    ),
  },
  {
    id: 'last_seen',
    label: 'Last seen',
    track: '10.5rem',
    from: 'wide',
    value: ({ last_seen }) => last_seen,
    cell: ({ last_seen }) => <When at={last_seen} />,
  },
];

export function DevicesPage() {
  const place = usePlace();
  const { deviceChanges } = useLive();
  const text = place.query.get('text') ?? '';
  const order: Order = { sort: place.query.get('sort') ?? 'bytes', descending: place.query.get('order') !== 'asc' };
  const setOrder = ({ sort, descending }: Order) => goQuery(place, { sort, order: descending ? null : 'asc' });
  const path = withQuery(paths.devices, { text, ...sorted(order.sort, order.descending), limit: LIMIT });
  const pages = usePages(path, readDevices);
  return (
    <Page name="devices" title="Devices" aside={<Downloads rows path={path} name="devices" />}>
      <div className="filters">
        <SearchField
          first
          className="filter-wide"
          label="Search name, address, vendor, system"
          value={text}
          testId={testIds.deviceSearch}
          onChange={(value) => goQuery(place, { text: value })}
        />
        {deviceChanges > 0 && (
          <button type="button" className="plain" onClick={pages.reload}>
            Read again: devices have changed
          </button>
        )}
      </div>
      <div className="panel">
        {pages.failure !== null && !pages.ready && <Failed failure={pages.failure} again={pages.reload} />}
        {!pages.ready && pages.failure === null && <Loading lines={10} />}
        {pages.ready && pages.rows.length === 0 && <Empty title={text === '' ? 'No device has been seen yet.' : 'No device matches.'} />}
        {pages.ready && pages.rows.length > 0 && (
          <GridTable
            label="Devices"
            rows={pages.rows}
            columns={columns}
            keyOf={({ mac }) => mac}
            order={order}
            onOrder={setOrder}
            onOpen={({ mac }) => go(devicePath(mac))}
            testId={testIds.deviceRow}
          />
        )}
      </div>
      {pages.ready && <More pages={pages} what="devices" />}
    </Page>
  );
}
