/**
 * Where exports write: a file, or standard output. Writes are collected to 256 KiB and awaited, so memory is bounded and
 * a slow disk slows the writer down.
 *
 * A `stream` is written under its own name from the start (and truncated then), a `log` is appended to. A `whole` file appears under its name
 * only when it is complete: until then it is `NAME.partial`, which stays behind when writing fails, with what it holds.
 * Names that are no regular files (devices, pipes) are written directly.
 */
import { access, constants, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { errorCode, outputError } from './output-error.ts';

const BUFFER_BYTES = 256 * 1024;

/** One writer at a time: a call begins after the one before it has settled. */
export interface Output {
  /** As the user named it. */
  readonly path: string;
  /** The reader of standard output has gone: nothing more can be delivered, and nobody misses it. */
  readonly readerGone: boolean;
  /** How long writes have taken until now, the one under way included. */
  readonly waitedMs: number;
  /** @throws SensorError OUTPUT */
  write(bytes: Uint8Array): Promise<void>;
  /** @throws SensorError OUTPUT */
  flush(): Promise<void>;
  /** Flushes and closes; a whole file gets its name. @throws SensorError OUTPUT */
  commit(): Promise<void>;
  /** Closes without completing; a partial file is kept if it holds anything. Never rejects. */
  abandon(): Promise<void>;
}

/** Opens a path for writing. @throws SensorError OUTPUT when it cannot be written */
export async function openOutput(path: string, mode: 'stream' | 'log' | 'whole', stdout: Writable): Promise<Output> {
  if (path === '-') return new StandardOutput(stdout);
  try {
    const kind = await stat(path).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });
    if (kind?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (mode === 'log') return new OutputFile(path, path, null, await open(path, 'a'));
    if (mode === 'stream' || (kind !== null && !kind.isFile())) return new OutputFile(path, path, null, await open(path, 'w'));
    if (kind !== null) await access(path, constants.W_OK);
    // Through a symbolic link the file that it names is replaced, not the link.
    const final = kind === null ? path : await realpath(path);
    const partial = `${final}.partial`;
    return new OutputFile(path, partial, final, await open(partial, 'w'));
  } catch (error) {
    throw outputError(path, error);
  }
}

/** Adds up how long writes take. One at a time. */
class WriteClock {
  #doneMs = 0;
  #since: number | null = null;

  begin(): void {
    this.#since = performance.now();
  }

  end(): void {
    this.#doneMs = this.waitedMs;
    this.#since = null;
  }

  get waitedMs(): number {
    return this.#doneMs + (this.#since === null ? 0 : performance.now() - this.#since);
  }
}

class OutputFile implements Output {
  readonly path: string;
  readonly #clock = new WriteClock();
  readonly readerGone = false;
  readonly #written: string;
  readonly #final: string | null;
  #handle: FileHandle | null;
  #buffer = new Uint8Array(0);
  #filled = 0;
  #bytes = 0;
  #writing = false;

  constructor(path: string, written: string, final: string | null, handle: FileHandle) {
    this.path = path;
    this.#written = written;
    this.#final = final;
    this.#handle = handle;
  }

  get waitedMs(): number {
    return this.#clock.waitedMs;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#filled + bytes.length > BUFFER_BYTES) await this.flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#writeAll(bytes);
      return;
    }
    // Allocated with the first small write: most outputs of most runs are few.
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(BUFFER_BYTES);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  async flush(): Promise<void> {
    if (this.#filled === 0) return;
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    await this.#writeAll(bytes);
  }

  /** The system may take less than it was given; a full disk takes a part first and fails then. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    if (this.#handle === null) throw outputError(this.path, new Error('the file is closed'));
    if (this.#writing) throw outputError(this.path, new Error('written by two at a time'));
    this.#writing = true;
    this.#clock.begin();
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
        at += bytesWritten;
        this.#bytes += bytesWritten;
      }
    } catch (error) {
      throw outputError(this.path, error, this.#final === null ? null : this.#written);
    } finally {
      this.#clock.end();
      this.#writing = false;
    }
  }

  async commit(): Promise<void> {
    await this.flush();
    try {
      await this.#close();
      if (this.#final !== null) await rename(this.#written, this.#final);
    } catch (error) {
      throw outputError(this.path, error, this.#final === null ? null : this.#written);
    }
  }

  async abandon(): Promise<void> {
    if (this.#handle === null) return;
    await this.flush().catch(() => {});
    await this.#close().catch(() => {});
    if (this.#final !== null && this.#bytes === 0) await rm(this.#written, { force: true }).catch(() => {});
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

class StandardOutput implements Output {
  readonly path = '-';
  readonly #clock = new WriteClock();
  readerGone = false;
  readonly #stream: Writable;
  readonly #onError = (error: Error): void => this.#fail(error);
  #failure: Error | null = null;

  constructor(stream: Writable) {
    this.#stream = stream;
    // A pipe whose reader leaves emits 'error' beside failing the write; unheard it would end the process.
    stream.on('error', this.#onError);
  }

  get waitedMs(): number {
    return this.#clock.waitedMs;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.readerGone) return;
    if (this.#failure !== null) throw outputError('standard output', this.#failure);
    // The stream may keep the bytes until it calls back; until then nothing else is written, so it holds one piece.
    this.#clock.begin();
    await new Promise<void>((resolve) => {
      this.#stream.write(bytes, (error) => {
        if (error) this.#fail(error);
        resolve();
      });
    });
    this.#clock.end();
    if (this.#failure !== null) throw outputError('standard output', this.#failure);
  }

  #fail(error: Error): void {
    const code = errorCode(error);
    if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') this.readerGone = true;
    else this.#failure = error;
  }

  async flush(): Promise<void> {}

  /** Standard output is the process's, not ours to end. */
  async commit(): Promise<void> {
    await this.abandon();
  }

  async abandon(): Promise<void> {
    // After a failed write the stream's own 'error' may still be on its way.
    if (!this.readerGone && this.#failure === null) this.#stream.off('error', this.#onError);
  }
}
