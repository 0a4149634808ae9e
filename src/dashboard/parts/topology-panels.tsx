/** Beside the canvas: legend, search, the chosen node, and all nodes as a table. */
import { Button, CloseButton, useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount } from '../text/units.ts';
import { seriesColor } from '../theme.ts';
import { findNodes, type Graph, type GraphNode } from '../topology/graph.ts';
import { traceShape } from '../topology/paint.ts';
import type { Stage } from '../topology/stage.ts';
import type { Column } from './columns.ts';
import { Facts } from './facts.tsx';
import { GridTable } from './grid-table.tsx';
import { Name } from './name.tsx';
import { PageLink } from './page-link.tsx';
import { SearchField } from './search-field.tsx';

const MOST_GROUPS = 12;
const MOST_FOUND = 8;
const MOST_NEIGHBOURS = 30;

function GroupSign({ at }: { at: number }) {
  const scheme = useComputedColorScheme('light');
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) return;
    context.clearRect(0, 0, 28, 28);
    context.fillStyle = seriesColor(scheme, at);
    context.beginPath();
    traceShape(context, at, 14, 14, 9);
    context.fill();
  }, [scheme, at]);
  return <canvas ref={canvas} width="28" height="28" className="group-sign" />;
}

export function Legend({ graph }: { graph: Graph }) {
  const more = graph.groups.length - MOST_GROUPS;
  return (
    <details className="legend" open>
      <summary>Groups</summary>
      <ul>
        {graph.groups.slice(0, MOST_GROUPS).map(({ name, count }, at) => (
          <li key={name} data-testid={testIds.legendRow}>
            <GroupSign at={at} />
            <Name text={name} />
            <span className="faint">{formatCount(count)}</span>
          </li>
        ))}
        {more > 0 && <li className="faint">and {formatCount(more)} more</li>}
      </ul>
    </details>
  );
}

export function NodeSearch({ graph, onChoose }: { graph: Graph | null; onChoose: (id: string) => void }) {
  const [text, setText] = useState('');
  const found = graph === null ? [] : findNodes(graph, text, MOST_FOUND);
  return (
    <div className="node-search">
      <SearchField first label="Search nodes" value={text} onChange={setText} testId={testIds.topologySearch} />
      {text.trim() !== '' && (
        <ul className="node-found">
          {found.map(({ id, label }) => (
            <li key={id}>
              <button
                type="button"
                onClick={() => {
                  onChoose(id);
                  setText('');
                }}
              >
                <Name text={label} />
                <span className="faint">
                  <Name text={id} mono />
                </span>
              </button>
            </li>
          ))}
          {found.length === 0 && <li className="faint none">No node matches.</li>}
        </ul>
      )}
    </div>
  );
}

const isMac = (id: string): boolean => /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(id);

/** Where more is known of it; a network is a filter of the flows. */
function nodeLink(id: string): string | null {
  if (isMac(id)) return `/devices/${encodeURIComponent(id)}`;
  return /^[0-9a-f.:]+(?:\/\d{1,3})?$/.test(id) ? `/flows?state=ended&address=${encodeURIComponent(id)}` : null;
}

function NodeName({ node }: { node: GraphNode }) {
  const link = nodeLink(node.id);
  return link === null ? (
    <Name text={node.label} />
  ) : (
    <PageLink to={link}>
      <Name text={node.label} />
    </PageLink>
  );
}

interface NodePanelProps {
  graph: Graph;
  id: string;
  stage: Stage;
  onChoose: (id: string | null) => void;
}

export function NodePanel({ graph, id, stage, onChoose }: NodePanelProps) {
  const node = graph.byId.get(id);
  if (node === undefined) return null;
  const near = graph.links.filter(({ source, target }) => source.id === id || target.id === id).sort((a, b) => b.value - a.value);
  return (
    <section className="node-panel" aria-label="Chosen node" data-testid={testIds.topologyNode}>
      <header>
        <h2>
          <NodeName node={node} />
        </h2>
        <CloseButton size="sm" aria-label="Choose nothing" onClick={() => onChoose(null)} />
      </header>
      <Facts
        facts={[
          ['Id', <Name key="id" text={id} mono />],
          ['Group', <Name key="group" text={node.group} />],
          ['Bytes', formatBytes(node.bytes)],
          ['Flows', formatCount(node.flows)],
          ['Neighbours', formatCount(graph.neighbours.get(id)?.size ?? 0)],
        ]}
      />
      <Button size="compact-xs" variant="default" onClick={() => stage.pin(node, !node.pinned)}>
        {node.pinned ? 'Let go' : 'Pin'}
      </Button>
      <ul className="neighbours">
        {near.slice(0, MOST_NEIGHBOURS).map(({ source, target, value }) => {
          const other = source.id === id ? target : source;
          return (
            <li key={`${source.id} ${target.id}`}>
              <button type="button" onClick={() => onChoose(other.id)}>
                <Name text={other.label} />
                <span className="faint">{formatBytes(value)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const columns: readonly Column<GraphNode>[] = [
  { id: 'label', label: 'Node', track: 'minmax(0, 1.4fr)', value: ({ label }) => label, cell: (node) => <NodeName node={node} /> },
  { id: 'id', label: 'Id', track: 'minmax(0, 1fr)', from: 'medium', value: ({ id }) => id, cell: ({ id }) => <Name text={id} mono /> },
  { id: 'group', label: 'Group', track: 'minmax(0, 0.8fr)', value: ({ group }) => group, cell: ({ group }) => <Name text={group} /> },
  {
    id: 'flows',
    label: 'Flows',
    track: '5rem',
    end: true,
    from: 'medium',
    value: ({ flows }) => flows,
    cell: ({ flows }) => formatCount(flows),
  },
  { id: 'bytes', label: 'Bytes', track: '6rem', end: true, value: ({ bytes }) => bytes, cell: ({ bytes }) => formatBytes(bytes) },
];

export function NodeTable({ graph }: { graph: Graph }) {
  return (
    <div className="panel fill">
      <GridTable
        label="Nodes"
        virtual
        rows={graph.nodes}
        columns={columns}
        keyOf={({ id }) => id}
        firstOrder={{ sort: 'bytes', descending: true }}
      />
    </div>
  );
}
