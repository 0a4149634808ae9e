/**
 * The small tables beside `flows` that put its rows in order: by size, by address, by device, by id.
 *
 * They are no indexes because an index takes each row as it comes, at a random page (measured at 1 M flows, in ticks of
 * 50,000: 20,000 rows/s with eleven indexes, 36,000 with sorted rows). Here rows wait until some thousands have come
 * (`flow_sorted.until` says up to which id they have their entries; queries look at the waiting ones themselves), are
 * sorted, and go in from left to right. And each table begins with the segment of the flow, some hundred thousand rows by
 * id: only the part of the newest segment changes, however many there are, and the oldest goes as a whole.
 *
 *   flows      |  segment 0  |  segment 1  | … |  newest segment  |  waiting  |
 *   flow_bytes |  by bytes   |  by bytes   | … |     by bytes     |           |
 */

const SEGMENT_BITS = 17;

/** The segment of an id. */
export const segmentOf = (id: number): number => Math.floor(id / 2 ** SEGMENT_BITS);

interface Order {
  table: string;
  /** Between `segment` and `id`. */
  columns: readonly string[];
  /** What of a flow goes there: columns of the table `fresh`. Nothing where the first is null. */
  from: readonly (readonly string[])[];
}

const ORDERS: readonly Order[] = [
  { table: 'flow_ids', columns: ['flow_id'], from: [['flow_id']] },
  { table: 'flow_communities', columns: ['prefix'], from: [['community_prefix']] },
  {
    table: 'flow_addresses',
    columns: ['address', 'last_seen'],
    from: [
      ['client_key', 'last_seen'],
      ['server_key', 'last_seen'],
    ],
  },
  {
    table: 'flow_macs',
    columns: ['mac', 'last_seen'],
    from: [
      ['client_mac', 'last_seen'],
      ['server_mac', 'last_seen'],
    ],
  },
  { table: 'flow_bytes', columns: ['bytes'], from: [['bytes']] },
  { table: 'flow_packets', columns: ['packets'], from: [['packets']] },
  { table: 'flow_durations', columns: ['duration_secs'], from: [['duration_secs']] },
];

/** Columns of `fresh`, and where in `flows` they come from. The beginning of a community id is enough to find it. */
const FRESH: Readonly<Record<string, string>> = {
  flow_id: 'flow_id',
  community_prefix: 'substr(community_id, 3, 5)',
  client_key: 'client_key',
  server_key: 'server_key',
  client_mac: 'client_mac',
  server_mac: 'server_mac',
  last_seen: 'last_seen',
  bytes: 'bytes',
  packets: 'packets',
  duration_secs: 'duration_secs',
};

const segment = (id: string): string => `${id} >> ${SEGMENT_BITS}`;

function creation({ table, columns }: Order): string {
  const key = columns.join(', ');
  return `CREATE TABLE ${table} (segment INTEGER NOT NULL, ${key}, id INTEGER NOT NULL, PRIMARY KEY (segment, ${key}, id)) WITHOUT ROWID;`;
}

/** One statement for all removed flows would not do: SQLite looks up no list of row values, it would read the whole table. */
function removals({ table, columns, from }: Order): string[] {
  const ofOld = (name: string): string => FRESH[name].replace(/[a-z_]+(?=$|,)/, (column) => `old.${column}`);
  return from.map((names) => {
    const equal = columns.map((column, index) => `${column} = ${ofOld(names[index])}`).join(' AND ');
    return `DELETE FROM ${table} WHERE segment = ${segment('old.id')} AND ${equal} AND id = old.id;`;
  });
}

function fillings({ table, columns, from }: Order): string[] {
  return from.map((names) => {
    const values = names.join(', ');
    return `INSERT OR IGNORE INTO ${table} (segment, ${columns.join(', ')}, id)
      SELECT ${segment('id')}, ${values}, id FROM fresh WHERE ${names[0]} IS NOT NULL ORDER BY 1, ${values}, id`;
  });
}

export const ORDER_SCHEMA = `
CREATE TABLE flow_sorted (until INTEGER NOT NULL);
INSERT INTO flow_sorted VALUES (0);
${ORDERS.map(creation).join('\n')}
CREATE TRIGGER flow_removed AFTER DELETE ON flows BEGIN
  ${ORDERS.flatMap(removals).join('\n  ')}
END;
`;

/** For the writer's connection; empty between calls. */
export const FRESH_SCHEMA = `CREATE TEMP TABLE fresh (id INTEGER PRIMARY KEY, ${Object.keys(FRESH).join(', ')})`;

/** Gives the flows after an id (the parameter of the first statement) their entries. */
export const SORT_IN: readonly string[] = [
  `INSERT INTO fresh SELECT id, ${Object.values(FRESH).join(', ')} FROM flows WHERE id > ?`,
  ...ORDERS.flatMap(fillings),
  'DELETE FROM fresh',
];
