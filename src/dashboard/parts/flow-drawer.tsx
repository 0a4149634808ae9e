/** Everything that is known of one flow. */
import { Drawer } from '@mantine/core';
import type { FlowDetail } from '../../api/contract.ts';
import { paths } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount, formatDuration } from '../text/units.ts';
import { valueText } from '../text/visible.ts';
import { type Fact, Facts } from './facts.tsx';
import { endText } from './flow-cells.tsx';
import { applicationFacts, qualityFacts, recordSections } from './flow-facts.ts';
import { Icon } from './icons.tsx';
import { Name } from './name.tsx';
import { PageLink } from './page-link.tsx';
import { AnswerView } from './states.tsx';
import { When } from './when.tsx';

function EndFacts({ title, end, bytes }: { title: string; end: FlowDetail['initiator']; bytes: number }) {
  const facts: Fact[] = [
    ['Address', <Name key="ip" text={endText(end)} mono />],
    [
      'MAC',
      end.mac === null ? (
        '–'
      ) : (
        <PageLink key="mac" to={`/devices/${encodeURIComponent(end.mac)}`}>
          <Name text={end.mac} mono />
        </PageLink>
      ),
    ],
    ['Name', <Name key="name" text={end.name ?? '–'} />],
    ['Country', <Name key="country" text={end.country ?? '–'} />],
    ['Network', <Name key="asn" text={end.asn ?? '–'} />],
    ['Sent', formatBytes(bytes)],
  ];
  return (
    <section className="drawer-section">
      <h3>{title}</h3>
      <Facts facts={facts} />
    </section>
  );
}

function generalFacts(flow: FlowDetail): Fact[] {
  return [
    ['State', flow.state],
    ['Protocol', flow.protocol],
    ['First packet', <When key="first" at={flow.first_seen} />],
    ['Last packet', <When key="last" at={flow.last_seen} />],
    ['Duration', formatDuration(flow.duration_secs)],
    ['Packets', formatCount(flow.packets)],
    ['Bytes', formatBytes(flow.bytes)],
    ['Direction', flow.direction],
    ['Ended by', flow.end_reason ?? '–'],
    ['VLAN', valueText(flow.vlan)],
    ['Flow id', <Name key="id" text={flow.flow_id} mono />],
    ['Community ID', <Name key="community" text={flow.community_id} mono />],
  ];
}

function FlowFacts({ flow }: { flow: FlowDetail }) {
  return (
    <>
      <p>
        <a className="download" href={paths.flowPcap(flow.flow_id)} download={`flow-${flow.flow_id}.pcapng`} data-testid={testIds.flowPcap}>
          <Icon name="download" /> Packets that are still there, as pcapng
        </a>
      </p>
      <section className="drawer-section">
        <h3>Flow</h3>
        <Facts facts={generalFacts(flow)} />
      </section>
      <EndFacts title="Initiator" end={flow.initiator} bytes={flow.bytes_out} />
      <EndFacts title="Responder" end={flow.responder} bytes={flow.bytes_in} />
      {flow.protocol === 'tcp' && (
        <section className="drawer-section">
          <h3>TCP quality</h3>
          <Facts facts={qualityFacts(flow)} />
        </section>
      )}
      <section className="drawer-section">
        <h3>Application</h3>
        <Facts facts={applicationFacts(flow)} />
      </section>
      {recordSections(flow.record).map(({ title, facts }) => (
        <section className="drawer-section" key={title}>
          <h3>{title}</h3>
          <Facts facts={facts} />
        </section>
      ))}
    </>
  );
}

export function FlowDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const answer = useAnswer<FlowDetail>(id === null ? null : paths.flow(id), null);
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      position="right"
      size="min(36rem, 100vw)"
      title="Flow"
      closeButtonProps={{ 'aria-label': 'Close' }}
      data-testid={testIds.flowDrawer}
    >
      {id !== null && (
        <AnswerView answer={answer} lines={12}>
          {(flow) => <FlowFacts flow={flow} />}
        </AnswerView>
      )}
    </Drawer>
  );
}
