/**
 * A folder of capture files named after alerts, of bounded size: the oldest files go first. Only files that are called as it
 * calls them count and are removed; others in the folder are left alone.
 *
 * A file appears under its name when it is complete. Calls must not overlap.
 */
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, outputError } from './output-error.ts';

const OWN_NAME = /^[0-9a-f]{16}\.pcapng$/;
const OWN_PARTIAL = /^[0-9a-f]{16}\.pcapng\.partial$/;

export class EvidenceFolder {
  readonly path: string;
  readonly #mostBytes: number;
  /** Bytes by name, oldest first. */
  readonly #files = new Map<string, number>();
  #bytes = 0;
  /** Files that had to make room. */
  removed = 0;

  private constructor(path: string, mostBytes: number) {
    this.path = path;
    this.#mostBytes = mostBytes;
  }

  /**
   * Makes the folder unless it is there; what earlier runs left in it counts, and makes room where it is too much.
   * @throws SensorError OUTPUT when it cannot be made, read or written to
   */
  static async open(path: string, mostBytes: number): Promise<EvidenceFolder> {
    const folder = new EvidenceFolder(path, mostBytes);
    try {
      await mkdir(path, { recursive: true });
      const probe = join(path, `${'0'.repeat(16)}.pcapng.partial`);
      await writeFile(probe, '');
      await rm(probe);
      await folder.#takeStock();
    } catch (error) {
      throw outputError(path, error);
    }
    return folder;
  }

  async #takeStock(): Promise<void> {
    const found: { name: string; bytes: number; at: number }[] = [];
    for (const name of await readdir(this.path)) {
      if (OWN_PARTIAL.test(name)) await rm(join(this.path, name), { force: true });
      if (!OWN_NAME.test(name)) continue;
      const { size, mtimeMs } = await stat(join(this.path, name));
      found.push({ name, bytes: size, at: mtimeMs });
    }
    for (const { name, bytes } of found.sort((a, b) => a.at - b.at)) this.#enter(name, bytes);
    await this.#makeRoom(0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Writes the capture of an alert in place of the one before; its path, or null when it is larger than the whole folder may
   * be. `alertId` is 16 hexadecimal digits.
   * @throws SensorError OUTPUT
   */
  async write(alertId: string, bytes: Uint8Array): Promise<string | null> {
    if (bytes.length > this.#mostBytes) return null;
    const name = `${alertId}.pcapng`;
    const path = join(this.path, name);
    const partial = `${path}.partial`;
    try {
      await this.#makeRoom(bytes.length - (this.#files.get(name) ?? 0), name);
      // A link that somebody put there is not followed.
      await rm(partial, { force: true });
      await writeFile(partial, bytes, { flag: 'wx' });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      throw outputError(path, error);
    }
    this.#leave(name);
    this.#enter(name, bytes.length);
    return path;
  }

  #enter(name: string, bytes: number): void {
    this.#files.set(name, bytes);
    this.#bytes += bytes;
  }

  #leave(name: string): void {
    this.#bytes -= this.#files.get(name) ?? 0;
    this.#files.delete(name);
  }

  /** Removes the oldest until so many bytes more fit; `kept` is about to be replaced. */
  async #makeRoom(more: number, kept = ''): Promise<void> {
    for (const name of this.#files.keys()) {
      if (this.#bytes + more <= this.#mostBytes) return;
      if (name === kept) continue;
      await rm(join(this.path, name)).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error;
      });
      this.#leave(name);
      this.removed++;
    }
  }
}
