/** `--alerts-jsonl`: one JSON object per alert, and another whenever it has repeated; suppressed ones say so. */
import { type AlertRecord, alertJson } from '../detect/alert.ts';
import { GuardedOutput } from './guarded-output.ts';
import { openOutput } from './output-file.ts';

const encoder = new TextEncoder();

export class AlertLog extends GuardedOutput {
  /**
   * Appends to what is there: a restart does not lose what happened before it.
   * @throws SensorError OUTPUT when the path cannot be written
   */
  static async open(path: string): Promise<AlertLog> {
    return new AlertLog(await openOutput(path, 'log', process.stdout));
  }

  /** Each line is handed to the system before the next begins. Never rejects; calls must not overlap. */
  async write(alerts: Iterable<AlertRecord>): Promise<void> {
    for (const alert of alerts) {
      await this.attempt(async (output) => {
        await output.write(encoder.encode(`${alertJson(alert)}\n`));
        await output.flush();
      });
    }
  }
}
