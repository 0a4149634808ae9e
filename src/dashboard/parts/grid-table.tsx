/** The table of every page: sortable, walked with the arrow keys, and virtual where a height is given. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { type Column, type Order, useTableModel } from './columns.ts';
import { Icon } from './icons.tsx';
import { ScrollBox } from './scroll-box.tsx';

export interface GridTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** The order that the API gave, and how to ask for another; without it the page sorts, beginning with `firstOrder`. */
  order?: Order;
  onOrder?: (order: Order) => void;
  firstOrder?: Order;
  /** Opens a row; its first cell holds the link or button that does the same. */
  onOpen?: (row: Row) => void;
  selected?: string | null;
  testId?: string;
  /** Scrolls inside itself, drawing only rows in view. */
  virtual?: boolean;
  /** Called when the last rows come into view. */
  onEnd?: () => void;
  below?: ReactNode;
}

/** Heights in rem; two lines where the window is narrow. */
const ROW_REM = 2.25;
const NARROW_ROW_REM = 3.4;

function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const row = (event.target as HTMLElement).closest('.grid-row');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const target = next?.querySelector<HTMLElement>('a, button');
  if (target === null || target === undefined) return;
  event.preventDefault();
  target.focus();
}

function Heading<Row>({ column, order, onSort }: { column: Column<Row>; order: Order; onSort: () => void }) {
  const sorted = order.sort === column.id;
  const ariaSort = column.value === undefined ? undefined : sorted ? (order.descending ? 'descending' : 'ascending') : 'none';
  return (
    <th scope="col" className={column.end ? 'grid-cell end' : 'grid-cell'} aria-sort={ariaSort}>
      {column.value === undefined ? (
        <span className="name">{column.label}</span>
      ) : (
        <button type="button" className="sort" onClick={onSort}>
          <span className="name">{column.label}</span>
          <span className="sort-sign">{sorted && <Icon name={order.descending ? 'down' : 'up'} size="0.8em" />}</span>
        </button>
      )}
    </th>
  );
}

function rootPixels(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

/** Which rows to draw; none where the table is not virtual. */
function useVirtualRows(virtual: boolean, count: number, narrow: boolean, onEnd: (() => void) | undefined) {
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = (narrow ? NARROW_ROW_REM : ROW_REM) * rootPixels();
  const virtualizer = useVirtualizer({
    count: virtual ? count : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const items = virtualizer.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (virtual && lastShown >= count - 20) onEnd?.();
  }, [virtual, lastShown, count, onEnd]);
  const measured = useRef(rowHeight);
  useEffect(() => {
    // In a window of another width the rows have another height.
    if (measured.current !== rowHeight) virtualizer.measure();
    measured.current = rowHeight;
  }, [rowHeight, virtualizer]);
  return { scroller, items, height: virtualizer.getTotalSize(), rowHeight };
}

export function GridTable<Row extends object>(props: GridTableProps<Row>) {
  const { label, columns, keyOf, onOpen, selected, testId, virtual = false, onEnd, below } = props;
  const [ownOrder, setOwnOrder] = useState<Order>(props.firstOrder ?? { sort: '', descending: true });
  const order = props.order ?? ownOrder;
  const onOrder = props.onOrder ?? setOwnOrder;
  const model = useTableModel({ rows: props.rows, columns, keyOf, order, onOrder, sortedElsewhere: props.order !== undefined });
  const { table, shown, narrow, rows, tracks } = model;
  const { scroller, items, height, rowHeight } = useVirtualRows(virtual, rows.length, narrow, onEnd);

  const drawRow = (index: number, style?: React.CSSProperties) => {
    const row = rows[index];
    return (
      <tr
        key={row.id}
        aria-rowindex={index + 2}
        className="grid-row"
        data-testid={testId}
        data-key={row.id}
        data-selected={selected === row.id || undefined}
        data-opens={onOpen !== undefined || undefined}
        style={{ gridTemplateColumns: tracks, ...style }}
        onClick={onOpen === undefined ? undefined : () => onOpen(row.original)}
      >
        {shown.map((column) => (
          <td key={column.id} className={column.end ? 'grid-cell end' : 'grid-cell'}>
            {column.cell(row.original)}
          </td>
        ))}
      </tr>
    );
  };

  const sort = (id: string) => table.getColumn(id)?.toggleSorting(undefined, false);
  return (
    <ScrollBox className={virtual ? 'grid-scroll virtual' : 'grid-scroll'} ref={scroller} label={`${label}, table`}>
      <table aria-label={label} aria-rowcount={rows.length + 1} className={narrow ? 'grid narrow' : 'grid'} onKeyDown={walk}>
        <thead className="grid-head">
          <tr aria-rowindex={1} className="grid-heading" style={{ gridTemplateColumns: tracks }}>
            {shown.map((column) => (
              <Heading key={column.id} column={column} order={order} onSort={() => sort(column.id)} />
            ))}
          </tr>
        </thead>
        <tbody className="grid-body" style={virtual ? { height: height, position: 'relative' } : undefined}>
          {virtual
            ? items.map(({ index, start }) =>
                drawRow(index, { position: 'absolute', insetInline: 0, height: rowHeight, transform: `translateY(${start}px)` }),
              )
            : rows.map((_, index) => drawRow(index))}
        </tbody>
      </table>
      {below}
    </ScrollBox>
  );
}
