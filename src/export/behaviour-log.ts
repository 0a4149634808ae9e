/** `--behaviour-jsonl`: one JSON object per internal host and window of ten minutes, written when the window has ended. */
import type { BehaviourRecord } from '../detect/behaviour.ts';
import { GuardedOutput } from './guarded-output.ts';
import { openOutput } from './output-file.ts';

/** Lines that are made before they are written: some 300 KB of text, though a window may have 65,536 hosts. */
const LINES_AT_ONCE = 1024;

const encoder = new TextEncoder();

export class BehaviourLog extends GuardedOutput {
  /** @throws SensorError OUTPUT when the path cannot be written */
  static async open(path: string): Promise<BehaviourLog> {
    return new BehaviourLog(await openOutput(path, 'stream', process.stdout));
  }

  /** The lines are in the file when it resolves. Never rejects; calls must not overlap. */
  async write(records: readonly BehaviourRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.attempt(async (output) => {
      for (let at = 0; at < records.length; at += LINES_AT_ONCE) {
        const lines = records.slice(at, at + LINES_AT_ONCE).map((record) => `${JSON.stringify(record)}\n`);
        await output.write(encoder.encode(lines.join('')));
      }
      await output.flush();
    });
  }
}
