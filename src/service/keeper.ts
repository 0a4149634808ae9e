/**
 * What a service remembers: the devices of the network, and everything that ended, tick by tick in the database. A disk
 * that says no costs the records of that tick, which are counted, and nothing else.
 */
import { Device, type DeviceDetail, type DeviceMessage, type Flow } from '../api/contract.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { type DeviceChange, Inventory } from '../discovery/inventory.ts';
import { Places } from '../enrich/places.ts';
import { Vendors } from '../enrich/vendor.ts';
import { rowOffsets } from '../flow/entry.ts';
import { freeAtOnce } from '../flow/free-memory.ts';
import { materialise, type RecordContext } from '../flow/materialise.ts';
import type { FlowRecord } from '../flow/record.ts';
import { rowView } from '../flow/row-view.ts';
import type { TapFrame } from '../packet/tap-record.ts';
import { DailyCsv } from '../store/daily-csv.ts';
import { type FlowLookups, flowLine } from '../store/flow-line.ts';
import type { StoredFlow } from '../store/flow-table.ts';
import { Store } from '../store/store.ts';
import { DeviceNames } from './device-names.ts';
import { packetRow } from './packet-rows.ts';
import type { KeeperAnswers, KeeperStart, Tallies, TickFacts } from './protocol.ts';
import { ProtocolTallies } from './protocol-tallies.ts';
import { type ContextChange, ContextReceiver } from './record-context.ts';
import { threadLog } from './thread-log.ts';

/** Devices told to the pages in one tick: those that changed last. All of them are stored. */
const DEVICES_TOLD = 100;
const SECONDS_PER_DAY = 86_400;
/** Bytes of a tick's rows that wait for its end; a larger tick goes to the database in parts. */
const PART_BYTES = 8 << 20;

const DEVICE_FIELDS = Object.keys(Device.properties) as (keyof typeof Device.properties)[];

/** Entries of `flow/entry.ts`, and in which context they are read. */
interface RecordBatch {
  rows: Uint8Array;
  context: RecordContext;
}

function* recordsOf({ rows, context }: RecordBatch): Generator<FlowRecord> {
  const view = rowView(rows);
  for (const offset of rowOffsets(rows)) yield materialise(view, offset, context);
}

interface KeeperParts {
  store: Store;
  inventory: Inventory;
  places: Places;
  csv: DailyCsv | null;
  tell: (changes: DeviceMessage[]) => void;
  taken: (rowBytes: number) => void;
}

export class Keeper {
  readonly #store: Store;
  readonly #csv: DailyCsv | null;
  readonly #inventory: Inventory;
  readonly #lookups: FlowLookups;
  readonly #names = new DeviceNames();
  readonly #protocols = new ProtocolTallies();
  readonly #context = new ContextReceiver();
  readonly #limits: { maxAgeSecs: number; maxBytes: number };
  readonly #tell: (changes: DeviceMessage[]) => void;
  readonly #taken: (rowBytes: number) => void;
  readonly #log = threadLog();
  /** Of the tick that is under way: rows that the database has not been given, and how many records there were in all. */
  #rows: RecordBatch[] = [];
  #rowBytes = 0;
  #flows = 0;
  #alerts: AlertRecord[] = [];
  #alertsAdded = 0;
  /** Devices that changed in this tick, as they were last. */
  #changed = new Map<string, DeviceChange>();
  /** Changed devices that no transaction has kept yet, and those of them that the open one has. */
  #devices = new Map<string, DeviceChange>();
  #devicesInPart = new Map<string, DeviceChange>();
  /** Why the parts of this tick were not kept; null = they were. */
  #partError: string | null = null;
  #lostRecords = 0;
  #error: string | null = null;

  /**
   * Opens the database and goes on with the devices in it. `taken` hears of each number of bytes of rows that are not held
   * any more. @throws SensorError STORE
   */
  static async open(start: KeeperStart, { tell, taken }: Pick<KeeperParts, 'tell' | 'taken'>): Promise<Keeper> {
    const { options } = start;
    const places = new Places(start.places);
    const vendors = await Vendors.load();
    const store = Store.open(start.dataDir);
    const inventory = new Inventory({
      internalNetworks: start.internalNetworks,
      vendor: (mac) => vendors.vendor(mac),
      country: (ip) => places.country(ip),
      // The database sums them up itself, and is asked for them.
      peers: false,
    });
    const known = store.restore();
    inventory.restore(known);
    const csv = options.dailyCsv ? DailyCsv.open(start.dataDir) : null;
    const keeper = new Keeper(start, { store, inventory, places, csv, tell, taken });
    for (const { mac, hostname } of known) keeper.#names.learn(mac, hostname);
    return keeper;
  }

  private constructor({ options }: KeeperStart, parts: KeeperParts) {
    this.#store = parts.store;
    this.#inventory = parts.inventory;
    this.#csv = parts.csv;
    this.#tell = parts.tell;
    this.#taken = parts.taken;
    this.#lookups = {
      name: (mac) => this.#names.of(mac),
      country: (ip) => parts.places.country(ip),
      asn: (ip) => parts.places.asn(ip),
    };
    this.#limits = { maxAgeSecs: options.retentionDays * SECONDS_PER_DAY, maxBytes: options.retentionMb * 1024 * 1024 };
  }

  get answers(): KeeperAnswers {
    return {
      acknowledge: (alertId, by, note, undo) => {
        const at = Date.now() / 1000;
        const found = this.#store.acknowledge(alertId, undo ? null : { by, at, note: note === '' ? null : note });
        if (found) this.#store.audit(at, by, undo ? 'acknowledgement taken back' : 'acknowledged', `alert ${alertId}`);
        return found;
      },
    };
  }

  /**
   * Devices are found and sums are made now; for the database the rows stay bytes, a tenth of the records made of them.
   */
  rows(rows: Uint8Array, change: ContextChange): void {
    const batch = { rows, context: this.#context.apply(change) };
    for (const record of recordsOf(batch)) {
      this.#inventory.observeFlow(record);
      this.#protocols.add(record);
      this.#csv?.flow(this.#line(record));
      this.#flows++;
    }
    this.#rows.push(batch);
    this.#rowBytes += rows.byteLength;
    if (this.#rowBytes >= PART_BYTES) this.#writePart();
  }

  #writePart(): void {
    this.#learnDevices();
    this.#partError ??= failureOf(() => this.#store.writePart({ devices: this.#unkeptDevices(), flows: this.#stored() }));
    if (this.#partError === null) {
      for (const [mac, change] of this.#devices) this.#devicesInPart.set(mac, change);
      this.#devices.clear();
    }
    this.#freeRows();
  }

  #freeRows(): void {
    freeAtOnce(this.#rows.map(({ rows }) => rows));
    this.#rows = [];
    this.#taken(this.#rowBytes);
    this.#rowBytes = 0;
  }

  #unkeptDevices(): DeviceDetail[] {
    return Array.from(this.#devices.values(), ({ device }) => device);
  }

  #learnDevices(): void {
    for (const change of this.#inventory.takeChanges()) {
      const { mac, hostname } = change.device;
      this.#names.learn(mac, hostname);
      this.#devices.set(mac, change);
      const isNew = change.isNew || this.#changed.get(mac)?.isNew === true;
      this.#changed.delete(mac);
      this.#changed.set(mac, { device: change.device, isNew });
    }
  }

  *#stored(): Generator<StoredFlow> {
    for (const batch of this.#rows) for (const record of recordsOf(batch)) yield { line: this.#line(record), record };
  }

  #line(record: FlowRecord): Flow {
    return flowLine(record, record.record === 'interim' ? 'interim' : 'ended', this.#lookups);
  }

  /** New and repeated ones; `added` of them are new. */
  alerts(alerts: readonly AlertRecord[], added: number): void {
    this.#alertsAdded += added;
    for (const alert of alerts) {
      this.#alerts.push(alert);
      this.#csv?.alert(alert);
    }
  }

  /** `sample`: one in so many packets, for the daily file. */
  frames(discovery: readonly TapFrame[], sample: readonly { frame: TapFrame; interfaceName: string | null }[]): void {
    for (const frame of discovery) this.#inventory.observeFrame(frame);
    if (this.#csv === null) return;
    for (const { frame, interfaceName } of sample) this.#csv.packet(packetRow(frame, interfaceName));
  }

  /** Writes what has come since the last tick, all of it or nothing. */
  tick(facts: TickFacts): Tallies {
    this.#learnDevices();
    this.#write(facts);
    const told = [...this.#changed.values()].slice(-DEVICES_TOLD);
    this.#changed.clear();
    if (told.length > 0) this.#tell(told.map(({ device, isNew }) => ({ type: 'device', is_new: isNew, device: shown(device) })));
    return {
      devices: this.#inventory.size,
      protocols: this.#protocols.totals,
      lostRecords: this.#lostRecords,
      error: this.#error,
    };
  }

  #write(facts: TickFacts): void {
    const stats = { ...facts, alerts: this.#alertsAdded };
    const tick = () => ({ stats, flows: this.#stored(), devices: this.#unkeptDevices(), alerts: this.#alerts });
    const unstored = this.#partError ?? failureOf(() => this.#store.writeTick(tick()));
    if (unstored === null) this.#devices.clear();
    else {
      // Devices are kept for the next tick: they are what they are now. Flows and alerts are given up.
      this.#devices = new Map([...this.#devicesInPart, ...this.#devices]);
      this.#lostRecords += this.#flows + this.#alerts.length;
    }
    this.#devicesInPart.clear();
    const unfiled = failureOf(() => this.#csv?.flush());
    this.#say(unstored ?? unfiled ?? failureOf(() => this.#store.prune(this.#limits)));
    this.#freeRows();
    this.#partError = null;
    this.#flows = 0;
    this.#alerts = [];
    this.#alertsAdded = 0;
  }

  #say(error: string | null): void {
    if (error !== null && error !== this.#error) this.#log.error({ lost: this.#lostRecords }, error);
    if (error === null && this.#error !== null) this.#log.warn({ lost: this.#lostRecords }, 'every record is kept again');
    this.#error = error;
  }

  async close(): Promise<void> {
    try {
      await this.#csv?.close();
    } catch (error) {
      this.#say(messageOf(error));
    } finally {
      this.#store.close();
    }
  }
}

/** A device as a line of a table: what the schema of one has. */
function shown(device: DeviceChange['device']): DeviceMessage['device'] {
  const line: Record<string, unknown> = {};
  for (const key of DEVICE_FIELDS) line[key] = device[key];
  return line as DeviceMessage['device'];
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What went wrong, null = nothing. */
function failureOf(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
