/** What a command may touch of the process, so that tests can give it something else. */
export interface Io {
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number; fd?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  environment: Readonly<Record<string, string | undefined>>;
  directory: string;
}

export function processIo(): Io {
  return { stdout: process.stdout, stderr: process.stderr, environment: process.env, directory: process.cwd() };
}

/** Text is handed to the system in pieces of about this many characters. */
const FLUSH_AT = 32_768;

/** Lines for people, gathered and written once per turn of the event loop: a system call per packet line is most of its cost. */
export class LineWriter {
  readonly #stream: NodeJS.WritableStream;
  #pending: string[] = [];
  #size = 0;
  #scheduled = false;
  #closed = false;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  line(text: string): void {
    if (this.#closed) return;
    this.#pending.push(text, '\n');
    this.#size += text.length + 1;
    if (this.#size >= FLUSH_AT) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#size === 0 || this.#closed) return;
    const text = this.#pending.join('');
    this.#pending = [];
    this.#size = 0;
    this.#stream.write(text);
  }

  /** Nobody reads any more: drops what is pending and everything to come. */
  abandon(): void {
    this.#closed = true;
    this.#pending = [];
    this.#size = 0;
  }
}

/** Colour only on a terminal, and not against NO_COLOR (no-color.org). */
export function wantsColor(io: Io, stream: { isTTY?: boolean } = io.stdout): boolean {
  return stream.isTTY === true && (io.environment.NO_COLOR ?? '') === '';
}
