import { ActionIcon, SegmentedControl, Switch, useComputedColorScheme } from '@mantine/core';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Topology } from '../../api/contract.ts';
import { useRefresh, useStats } from '../live/live.tsx';
import { paths, withQuery } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import { ChoiceField } from '../parts/choice-field.tsx';
import { Downloads } from '../parts/downloads.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Page } from '../parts/page.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Legend, NodePanel, NodeSearch, NodeTable } from '../parts/topology-panels.tsx';
import { goQuery, type Place, usePlace } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';
import { listen } from '../topology/gestures.ts';
import { type Graph, MOST_NODES } from '../topology/graph.ts';
import { Stage } from '../topology/stage.ts';

const spans = [
  { value: '', label: 'All that is stored' },
  { value: '300', label: 'Last 5 minutes' },
  { value: '3600', label: 'Last hour' },
  { value: '86400', label: 'Last day' },
];

/** What the page needs to know of what happens on the canvas. */
interface StageState {
  chosen: string | null;
  settled: boolean;
  /** Grows with every pin, so that the panel is drawn again. */
  pins: number;
}

function useStage(canvas: RefObject<HTMLCanvasElement | null>, answer: Topology | null) {
  const scheme = useComputedColorScheme('light');
  const [stage, setStage] = useState<Stage | null>(null);
  const [state, setState] = useState<StageState>({ chosen: null, settled: false, pins: 0 });
  const [graph, setGraph] = useState<Graph | null>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const made = new Stage(element, {
      onChoose: (chosen) => setState((old) => ({ ...old, chosen })),
      onHover: () => undefined,
      onSettled: (settled) => setState((old) => ({ ...old, settled })),
      onPin: () => setState((old) => ({ ...old, pins: old.pins + 1 })),
    });
    const end = listen(element, made);
    setStage(made);
    return () => {
      end();
      made.stop();
    };
  }, [canvas]);
  useEffect(() => stage?.setScheme(scheme), [stage, scheme]);
  useEffect(() => {
    if (stage === null || answer === null) return;
    stage.setTopology(answer);
    setGraph(stage.graph);
  }, [stage, answer]);
  return { stage, state, graph };
}

function ViewButtons({ stage }: { stage: Stage | null }) {
  const buttons: [icon: IconName, label: string, act: () => void][] = [
    ['plus', 'Zoom in', () => stage?.zoom(1.35)],
    ['minus', 'Zoom out', () => stage?.zoom(0.74)],
    ['fit', 'Show all', () => stage?.fit()],
  ];
  return (
    <div className="view-buttons">
      {buttons.map(([icon, label, act]) => (
        <ActionIcon key={label} variant="default" size="md" aria-label={label} title={label} onClick={act}>
          <Icon name={icon} />
        </ActionIcon>
      ))}
    </div>
  );
}

function useTopology(place: Place) {
  const time = useStats()?.time ?? null;
  const span = place.query.get('span') ?? '';
  const by = place.query.get('by') === 'network' ? 'network' : 'device';
  const secs = /^\d{1,9}$/.test(span) ? Number(span) : null;
  // The beginning moves in tenths of the span, so that the question stays the same for a while.
  const from = secs === null || time === null ? null : Math.floor((time - secs) / (secs / 10)) * (secs / 10);
  const path = withQuery(paths.topology, { by, from, limit: MOST_NODES });
  const refresh = useRefresh(5000);
  const answer = useAnswer<Topology>(path, refresh, true);
  return { path, by, span, answer };
}

export function TopologyPage() {
  const place = usePlace();
  const { path, by, span, answer } = useTopology(place);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { stage, state, graph } = useStage(canvas, answer.value);
  const [focused, setFocused] = useState(false);
  const [asTable, setAsTable] = useState(false);
  const nodes = graph?.nodes.length ?? 0;
  const links = graph?.links.length ?? 0;
  const hidden = answer.value?.hidden ?? 0;
  const words = `Who talks to whom: ${nodes} nodes in ${graph?.groups.length ?? 0} groups, ${links} links`;
  const choose = (id: string | null) => stage?.choose(id, true);
  const focus = (on: boolean) => {
    setFocused(on);
    stage?.setFocused(on);
  };
  return (
    <Page name="topology" title="Topology" aside={<Downloads path={path} name="topology" />}>
      <div className="filters">
        <NodeSearch graph={graph} onChoose={choose} />
        <SegmentedControl
          size="xs"
          aria-label="A node is"
          value={by}
          onChange={(value) => goQuery(place, { by: value })}
          data={[
            { value: 'device', label: 'Devices' },
            { value: 'network', label: 'Networks' },
          ]}
        />
        <ChoiceField label="Time" choices={spans} value={span} onChange={(chosen) => goQuery(place, { span: chosen })} />
        <Switch size="xs" label="Only neighbours" checked={focused} onChange={(event) => focus(event.currentTarget.checked)} />
        <Switch size="xs" label="Table" checked={asTable} onChange={(event) => setAsTable(event.currentTarget.checked)} />
        <span className="faint">
          {formatCount(nodes)} nodes, {formatCount(links)} links{hidden > 0 && `, ${formatCount(hidden)} smaller nodes left out`}
        </span>
      </div>
      <div className="panel topology" hidden={asTable}>
        {answer.value === null && (answer.failure !== null ? <Failed failure={answer.failure} again={answer.reload} /> : <Loading />)}
        {answer.value !== null && nodes === 0 && <Empty title="Nobody has talked to anybody yet." />}
        <canvas
          ref={canvas}
          className="topology-canvas"
          tabIndex={0}
          role="img"
          aria-label={`${words}. Arrows move, plus and minus zoom, 0 shows all; the table lists the same.`}
          data-testid={testIds.topologyCanvas}
          data-nodes={nodes}
          data-links={links}
          data-settled={state.settled}
        />
        <ViewButtons stage={stage} />
        {graph !== null && <Legend graph={graph} />}
        {graph !== null && stage !== null && state.chosen !== null && (
          <NodePanel key={state.pins} graph={graph} id={state.chosen} stage={stage} onChoose={choose} />
        )}
      </div>
      {asTable && graph !== null && <NodeTable graph={graph} />}
    </Page>
  );
}
