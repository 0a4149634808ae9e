/** Pages of devices, and all that is known of one. The inventory is bounded, so its table may be read as a whole. */
import type { Device, DeviceDetail, DevicePage } from '../api/contract.ts';
import type { DeviceQuery } from '../api/sources.ts';
import { macOf } from './address-key.ts';
import { cursorText, placeOf } from './cursor.ts';
import type { DeviceRows } from './device-table.ts';
import { allOf, type Clause } from './flow-filter.ts';
import type { Statements } from './statements.ts';
import type { DeviceUsage } from './usage-table.ts';

const SORTS: Readonly<Record<DeviceQuery['sort'], { sql: string; kind: 'number' | 'string' }>> = {
  last_seen: { sql: 'last_seen', kind: 'number' },
  bytes: { sql: 'bytes_in + bytes_out', kind: 'number' },
  flows: { sql: 'flows', kind: 'number' },
  hostname: { sql: "coalesce(hostname, '')", kind: 'string' },
  mac: { sql: 'mac', kind: 'string' },
};

interface Row {
  mac: string;
  value: number | string;
  detail: string;
}

type Stored = Omit<DeviceDetail, 'addresses' | 'peers' | 'protocols'>;

/** The line of a table of a device that was stored whole. */
function summary(detail: string): Device {
  const {
    names: _names,
    services: _services,
    dhcp: _dhcp,
    switch_port: _port,
    vlans: _vlans,
    user_agents: _agents,
    ...device
  } = JSON.parse(detail) as Stored;
  return device;
}

export class DeviceQueries {
  readonly #statements: Statements;
  readonly #rows: DeviceRows;
  readonly #usage: DeviceUsage;

  constructor(statements: Statements, rows: DeviceRows, usage: DeviceUsage) {
    this.#statements = statements;
    this.#rows = rows;
    this.#usage = usage;
  }

  /** @throws SensorError USAGE for a cursor that is none */
  page(query: DeviceQuery): DevicePage {
    const { sql: value, kind } = SORTS[query.sort];
    const name = `${query.sort} ${query.descending ? 'down' : 'up'}`;
    const place = placeOf(query.cursor, name, { value: kind, key: 'string' });
    const [than, order] = query.descending ? ['<', 'DESC'] : ['>', 'ASC'];
    const where: Clause[] = [];
    if (query.text !== null && query.text !== '') where.push({ sql: 'instr(search, ?) > 0', parameters: [query.text.toLowerCase()] });
    if (place !== null) where.push({ sql: `(${value}, mac) ${than} (?, ?)`, parameters: [place.value, place.key] });
    const filter = allOf(where);
    const rows = this.#statements.all<Row>({
      sql: `SELECT mac, ${value} AS value, detail FROM devices WHERE ${filter.sql} ORDER BY value ${order}, mac ${order} LIMIT ?`,
      parameters: [...filter.parameters, query.limit + 1],
    });
    const kept = rows.slice(0, query.limit);
    const last = kept.at(-1);
    return {
      devices: kept.map(({ detail }) => summary(detail)),
      next: rows.length > query.limit && last !== undefined ? cursorText(name, { value: last.value, key: last.mac }) : null,
    };
  }

  /** Any spelling of a MAC will do. */
  one(text: string): DeviceDetail | null {
    const mac = macOf(text);
    const device = mac === null ? null : this.#rows.one(mac);
    return device === null ? null : { ...device, ...this.#usage.of(device.mac) };
  }
}
