/** Columns as the pages describe them, made into a TanStack table: sorting in the page or by the API, and by width of the window. */
import {
  type ColumnDef,
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { type ReactNode, useMemo } from 'react';
import { useWidth, WIDTHS, type Width } from './viewport.ts';

export interface Column<Row> {
  /** Where the API sorts, its name for this order. */
  id: string;
  label: string;
  cell: (row: Row) => ReactNode;
  /** A CSS grid track: `7rem`, `minmax(10rem, 2fr)`. */
  track: string;
  /** What to sort by; a column without it is not sortable. */
  value?: (row: Row) => string | number;
  end?: boolean;
  /** Shown in windows of at least and of at most this width. */
  from?: Width;
  until?: Width;
}

export interface Order {
  sort: string;
  descending: boolean;
}

const features = tableFeatures({ rowSortingFeature, columnVisibilityFeature, sortedRowModel: createSortedRowModel() });

const byValue = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

function definition<Row extends object>(column: Column<Row>): ColumnDef<typeof features, Row> {
  const { id, value } = column;
  return {
    id,
    header: column.label,
    accessorFn: (row: Row) => value?.(row) ?? '',
    enableSorting: value !== undefined,
    sortFn: (a, b) => byValue(value?.(a.original) ?? '', value?.(b.original) ?? ''),
  };
}

const isShown = (width: Width, { from, until }: { from?: Width; until?: Width }): boolean =>
  (from === undefined || WIDTHS.indexOf(width) >= WIDTHS.indexOf(from)) &&
  (until === undefined || WIDTHS.indexOf(width) <= WIDTHS.indexOf(until));

interface ModelOptions<Row> {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  order: Order;
  onOrder: (order: Order) => void;
  /** The rows come in this order already. */
  sortedElsewhere: boolean;
}

/** The rows in order, and the columns that fit. */
export function useTableModel<Row extends object>({ rows, columns, keyOf, order, onOrder, sortedElsewhere }: ModelOptions<Row>) {
  const width = useWidth();
  const definitions = useMemo(() => columns.map((column) => definition(column)), [columns]);
  const sorting: SortingState = useMemo(() => [{ id: order.sort, desc: order.descending }], [order.sort, order.descending]);
  const columnVisibility = useMemo(
    () => Object.fromEntries(columns.map((column) => [column.id, isShown(width, column)])),
    [columns, width],
  );
  const table = useTable({
    features,
    data: rows,
    columns: definitions,
    getRowId: keyOf,
    state: { sorting, columnVisibility },
    manualSorting: sortedElsewhere,
    enableMultiSort: false,
    enableSortingRemoval: false,
    sortDescFirst: true,
    onSortingChange: (change) => {
      const next = (typeof change === 'function' ? change(sorting) : change)[0];
      if (next !== undefined) onOrder({ sort: next.id, descending: next.desc });
    },
  });
  const shown = columns.filter((column) => isShown(width, column));
  const narrow = shown.some(({ until }) => until !== undefined);
  return { table, shown, narrow, rows: table.getRowModel().rows, tracks: shown.map(({ track }) => track).join(' ') };
}
