/** The main thread's end of the server: frames and alerts go there, its address comes back. */
import type { Stats } from '../api/contract.ts';
import type { AlertRecord } from '../detect/alert.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { ApiMessage, ApiReply, ApiStart } from './protocol.ts';
import { ServiceThread } from './thread.ts';

export class ApiLink {
  readonly #thread: ServiceThread<ApiMessage, ApiReply>;
  #frameSeq = 0;
  #lost = false;

  constructor(start: ApiStart, onLost: (cause: string) => void) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#thread = new ServiceThread<ApiMessage, ApiReply>(
      'weir-api',
      new URL(`./api-worker.${extension}`, import.meta.url),
      start,
      [start.sensorPort, start.keeperPort, start.devicePort],
      () => {},
      (cause) => {
        this.#lost = true;
        onLost(cause);
      },
    );
  }

  /** Where it answers. Rejects with the SensorError that says why it cannot. */
  get ready(): Promise<{ address: string; wsAddress: string | null }> {
    return this.#thread.ready.then((reply) => {
      if (reply.type !== 'listening') throw new Error(`the server began with ${reply.type}`);
      return reply;
    });
  }

  frame(stats: Stats, top: { record: FlowRecord; bps: number; pps: number }[]): void {
    if (!this.#lost) this.#thread.send({ type: 'frame', frameSeq: ++this.#frameSeq, stats, top });
  }

  alert(alert: AlertRecord, isNew: boolean): void {
    if (!this.#lost) this.#thread.send({ type: 'alert', isNew, alert });
  }

  async close(): Promise<void> {
    if (!this.#lost) await this.#thread.close({ type: 'close' });
  }
}
