import { useMemo } from 'react';
import type { DeviceDetail, Flow } from '../../api/contract.ts';
import { useRefresh } from '../live/live.tsx';
import { readFlows } from '../live/page-readers.ts';
import { paths, sorted, withQuery } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import { usePages } from '../live/use-pages.ts';
import { ActivityStrip } from '../parts/activity-strip.tsx';
import type { Order } from '../parts/columns.ts';
import { AddressPanel, IdentityPanel, NamesPanel, PeersPanel, ServicesPanel } from '../parts/device-panels.tsx';
import { Downloads } from '../parts/downloads.tsx';
import { flowColumns } from '../parts/flow-columns.tsx';
import { FlowDrawer } from '../parts/flow-drawer.tsx';
import { GridTable } from '../parts/grid-table.tsx';
import { More } from '../parts/more.tsx';
import { Name } from '../parts/name.tsx';
import { Page } from '../parts/page.tsx';
import { Panel } from '../parts/panel.tsx';
import { ShareBars } from '../parts/share-bars.tsx';
import { AnswerView, Empty, Failed, Loading } from '../parts/states.tsx';
import { go, goQuery, usePlace } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount } from '../text/units.ts';

const LIMIT = 100;

const flowLink = (path: string, flow: Flow): string => `${path}?flow=${encodeURIComponent(flow.flow_id)}`;

function DeviceFlows({ mac }: { mac: string }) {
  const place = usePlace();
  const { query } = place;
  const order: Order = { sort: query.get('sort') ?? 'last_seen', descending: query.get('order') !== 'asc' };
  const path = withQuery(paths.deviceFlows(mac), { ...sorted(order.sort, order.descending), limit: LIMIT });
  const pages = usePages(path, readFlows);
  const columns = useMemo(() => flowColumns((flow) => flowLink(place.path, flow)), [place.path]);
  return (
    <>
      {pages.rows.length > 0 && <ActivityStrip flows={pages.rows} complete={!pages.more} />}
      <Panel title="Connections" flush aside={<Downloads rows path={path} name={`flows-of-${mac.replaceAll(':', '')}`} />}>
        {pages.failure !== null && !pages.ready && <Failed failure={pages.failure} again={pages.reload} />}
        {!pages.ready && pages.failure === null && <Loading />}
        {pages.ready && pages.rows.length === 0 && <Empty title="No flow of this device is stored yet." />}
        {pages.rows.length > 0 && (
          <GridTable
            label="Connections"
            rows={pages.rows}
            columns={columns}
            keyOf={({ flow_id }) => flow_id}
            order={order}
            onOrder={({ sort, descending }) => goQuery(place, { sort, order: descending ? null : 'asc' })}
            onOpen={(flow) => go(flowLink(place.path, flow))}
            selected={query.get('flow')}
            testId={testIds.deviceFlowRow}
            below={<More pages={pages} what="flows" />}
          />
        )}
      </Panel>
      <FlowDrawer id={query.get('flow')} onClose={() => goQuery(place, { flow: null })} />
    </>
  );
}

function DevicePanels({ device }: { device: DeviceDetail }) {
  const shares = device.protocols.map(({ protocol, bytes, flows }) => ({
    name: protocol,
    amount: bytes,
    text: formatBytes(bytes),
    aside: `${formatCount(flows)} flows`,
  }));
  return (
    <>
      <div className="columns">
        <IdentityPanel device={device} />
        <div className="stack">
          <AddressPanel device={device} />
          <NamesPanel device={device} />
          <ServicesPanel device={device} />
        </div>
      </div>
      <div className="columns">
        <PeersPanel device={device} />
        <Panel title="Protocols" aside={<span className="faint">by bytes</span>}>
          {shares.length === 0 ? <Empty title="No protocol seen yet." /> : <ShareBars shares={shares} label="Protocols by bytes" />}
        </Panel>
      </div>
      <DeviceFlows mac={device.mac} />
    </>
  );
}

export function DevicePage({ mac }: { mac: string }) {
  const path = paths.device(mac);
  const answer = useAnswer<DeviceDetail>(path, useRefresh(5000), true);
  const device = answer.value;
  const name = device?.hostname ?? device?.ips[0] ?? mac;
  const heading = (
    <span data-testid={testIds.deviceName}>
      <Name text={name} />
    </span>
  );
  return (
    <Page
      name="device"
      title={`Device ${name}`}
      heading={heading}
      aside={<Downloads path={path} name={`device-${mac.replaceAll(':', '')}`} />}
    >
      <AnswerView answer={answer} lines={12}>
        {(value) => <DevicePanels device={value} />}
      </AnswerView>
    </Page>
  );
}
