/** What is known of a device, each piece with where it was learned. */
import type { DeviceDetail } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount } from '../text/units.ts';
import { valueText, visibleText } from '../text/visible.ts';
import type { Column } from './columns.ts';
import { type Fact, Facts } from './facts.tsx';
import { GridTable, type GridTableProps } from './grid-table.tsx';
import { Name } from './name.tsx';
import { PageLink } from './page-link.tsx';
import { Panel } from './panel.tsx';
import { Empty } from './states.tsx';
import { When } from './when.tsx';

function switchText({ switch_port }: DeviceDetail): string {
  if (switch_port === null) return '–';
  const vlan = switch_port.vlan === null ? '' : `, VLAN ${switch_port.vlan}`;
  return visibleText(`${switch_port.switch}, port ${switch_port.port}${vlan} (${switch_port.protocol})`);
}

export function IdentityPanel({ device }: { device: DeviceDetail }) {
  const dhcp: Fact[] =
    device.dhcp === null
      ? []
      : [
          ['DHCP vendor class', valueText(device.dhcp.vendor_class)],
          ['DHCP fingerprint', valueText(device.dhcp.fingerprint)],
          ['DHCP server', valueText(device.dhcp.server)],
        ];
  const facts: Fact[] = [
    ['MAC', <Name key="mac" text={device.mac} mono />],
    ['Vendor', device.vendor === null && device.local_address ? 'none: locally administered address' : valueText(device.vendor)],
    ['Kind', device.kind],
    ['Model', valueText(device.model)],
    ['System', valueText(device.os)],
    ['First seen', <When key="first" at={device.first_seen} />],
    ['Last seen', <When key="last" at={device.last_seen} />],
    ['Received', `${formatBytes(device.bytes_in)}, ${formatCount(device.packets_in)} packets`],
    ['Sent', `${formatBytes(device.bytes_out)}, ${formatCount(device.packets_out)} packets`],
    ['Flows', formatCount(device.flows)],
    ['Switch port', switchText(device)],
    ['VLANs', valueText(device.vlans)],
    ...dhcp,
    ['User agents', valueText(device.user_agents)],
  ];
  return (
    <Panel title="Identity">
      <Facts facts={facts} />
    </Panel>
  );
}

/** A table in a panel, or the words for none. */
function ListPanel<Row extends object>({ title, empty, ...table }: { title: string; empty: string } & Omit<GridTableProps<Row>, 'label'>) {
  return (
    <Panel title={title} flush className="capped">
      {table.rows.length === 0 ? <Empty title={empty} /> : <GridTable label={title} {...table} />}
    </Panel>
  );
}

const lastSeen: Column<{ last_seen: number }> = {
  id: 'last',
  label: 'Last seen',
  track: '10.5rem',
  from: 'medium',
  value: ({ last_seen }) => last_seen,
  cell: ({ last_seen }) => <When at={last_seen} />,
};

type Address = DeviceDetail['addresses'][number];
const addressColumns: readonly Column<Address>[] = [
  {
    id: 'ip',
    label: 'Address',
    track: 'minmax(0, 1fr)',
    value: ({ ip }) => ip,
    cell: ({ ip }) => (
      <PageLink to={`/flows?state=ended&address=${encodeURIComponent(ip)}`}>
        <Name text={ip} mono />
      </PageLink>
    ),
  },
  { id: 'source', label: 'From', track: '5rem', cell: ({ source }) => <Name text={source} /> },
  {
    id: 'first',
    label: 'First seen',
    track: '10.5rem',
    from: 'wall',
    value: ({ first_seen }) => first_seen,
    cell: ({ first_seen }) => <When at={first_seen} />,
  },
  lastSeen,
];

export function AddressPanel({ device }: { device: DeviceDetail }) {
  return (
    <ListPanel
      title="Addresses"
      empty="No address seen yet."
      rows={device.addresses}
      columns={addressColumns}
      keyOf={({ ip }) => ip}
      firstOrder={{ sort: 'last', descending: true }}
      testId={testIds.deviceAddressRow}
    />
  );
}

type Called = DeviceDetail['names'][number];
const nameColumns: readonly Column<Called>[] = [
  { id: 'name', label: 'Name', track: 'minmax(0, 1fr)', value: ({ name }) => name, cell: ({ name }) => <Name text={name} /> },
  { id: 'source', label: 'From', track: '6rem', value: ({ source }) => source, cell: ({ source }) => <Name text={source} /> },
  lastSeen,
];

export function NamesPanel({ device }: { device: DeviceDetail }) {
  return (
    <ListPanel
      title="Names"
      empty="It has not said its name."
      rows={device.names}
      columns={nameColumns}
      keyOf={({ name, source }) => `${source} ${name}`}
      firstOrder={{ sort: 'last', descending: true }}
    />
  );
}

type Service = DeviceDetail['services'][number];
const serviceColumns: readonly Column<Service>[] = [
  { id: 'name', label: 'Service', track: 'minmax(0, 1fr)', value: ({ name }) => name, cell: ({ name }) => <Name text={name} /> },
  { id: 'port', label: 'Port', track: '4.5rem', end: true, value: ({ port }) => port ?? -1, cell: ({ port }) => port ?? '–' },
  { id: 'protocol', label: 'Over', track: '4.5rem', cell: ({ protocol }) => <Name text={protocol ?? '–'} /> },
  { id: 'source', label: 'From', track: '6rem', from: 'medium', cell: ({ source }) => <Name text={source} /> },
];

export function ServicesPanel({ device }: { device: DeviceDetail }) {
  return (
    <ListPanel
      title="Services"
      empty="No service seen on it."
      rows={device.services}
      columns={serviceColumns}
      keyOf={(row) => [row.name, row.port, row.protocol, row.source].join(' ')}
      firstOrder={{ sort: 'port', descending: false }}
    />
  );
}

type Peer = DeviceDetail['peers'][number];
const peerColumns: readonly Column<Peer>[] = [
  {
    id: 'ip',
    label: 'Peer',
    track: 'minmax(0, 1.2fr)',
    value: ({ ip }) => ip,
    cell: ({ ip }) => (
      <PageLink to={`/flows?state=ended&address=${encodeURIComponent(ip)}`}>
        <Name text={ip} mono />
      </PageLink>
    ),
  },
  {
    id: 'name',
    label: 'Name',
    track: 'minmax(0, 1fr)',
    from: 'medium',
    value: ({ name }) => name ?? '',
    cell: ({ name }) => <Name text={name ?? '–'} />,
  },
  { id: 'country', label: 'Country', track: '5rem', from: 'wide', cell: ({ country }) => <Name text={country ?? '–'} /> },
  { id: 'flows', label: 'Flows', track: '4.5rem', end: true, value: ({ flows }) => flows, cell: ({ flows }) => formatCount(flows) },
  { id: 'bytes', label: 'Bytes', track: '5.5rem', end: true, value: ({ bytes }) => bytes, cell: ({ bytes }) => formatBytes(bytes) },
];

export function PeersPanel({ device }: { device: DeviceDetail }) {
  return (
    <ListPanel
      title="Peers"
      empty="It has talked to nobody yet."
      rows={device.peers}
      columns={peerColumns}
      keyOf={({ ip }) => ip}
      firstOrder={{ sort: 'bytes', descending: true }}
    />
  );
}
