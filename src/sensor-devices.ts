/** The devices of a run, for `--devices-json`: gathered from packets and flow records, written at the end. */
import { Inventory } from './discovery/inventory.ts';
import { Places } from './enrich/places.ts';
import { Vendors } from './enrich/vendor.ts';
import { type Output, openOutput } from './export/output-file.ts';
import { rowOffsets } from './flow/entry.ts';
import { materialise, type RecordContext } from './flow/materialise.ts';
import { rowView } from './flow/row-view.ts';
import type { TapFrame } from './packet/tap-record.ts';

export class DeviceOutput {
  readonly #file: Output;
  readonly #inventory: Inventory;

  private constructor(file: Output, inventory: Inventory) {
    this.#file = file;
    this.#inventory = inventory;
  }

  /** Throws SensorError OUTPUT. */
  static async open(path: string, internalNetworks: readonly string[]): Promise<DeviceOutput> {
    const [vendors, places] = [await Vendors.load(), await Places.open()];
    const inventory = new Inventory({
      internalNetworks,
      vendor: (mac) => vendors.vendor(mac),
      country: (ip) => places.country(ip),
    });
    return new DeviceOutput(await openOutput(path, 'whole', process.stdout), inventory);
  }

  packet(packet: TapFrame): void {
    this.#inventory.observeFrame(packet);
  }

  records(rows: Uint8Array, context: RecordContext): void {
    const view = rowView(rows);
    for (const offset of rowOffsets(rows)) this.#inventory.observeFlow(materialise(view, offset, context));
  }

  /** By link address, so that two runs over one capture write the same. */
  async close(): Promise<void> {
    const devices = this.#inventory.devices().sort((a, b) => (a.mac < b.mac ? -1 : 1));
    try {
      await this.#file.write(new TextEncoder().encode(`${JSON.stringify(devices, null, 2)}\n`));
      await this.#file.commit();
    } finally {
      await this.#file.abandon();
    }
  }

  abort(): Promise<void> {
    return this.#file.abandon();
  }
}
