/** What people see of a run: packet lines, stats lines, alerts, progress, and the summary at its end. */

import type { AlertRecord } from '../detect/alert.ts';
import { renderSummary } from '../export/run-summary.ts';
import { statsLine } from '../export/stats-line.ts';
import type { RunSummary } from '../merge/summary.ts';
import { PacketPrinter } from '../packet/packet-printer.ts';
import type { TapPacket } from '../packet/tap-reader.ts';
import type { TickReport } from '../sensor-events.ts';
import { alertLine } from './alert-line.ts';
import { IntervalStats } from './interval-stats.ts';
import { type Io, LineWriter, wantsColor } from './io.ts';
import { NO_PROGRESS, type ProgressView, progressBar } from './progress.ts';
import type { RunnableSensor } from './run.ts';
import type { Session } from './session.ts';

export class Screen {
  readonly #session: Session;
  readonly #out: LineWriter;
  readonly #color: boolean;
  readonly #progress: ProgressView;
  readonly #stats: IntervalStats | null;
  readonly #printer: PacketPrinter;

  constructor(session: Session, io: Io) {
    const { screen, options } = session;
    const stream = screen.textOnStderr ? io.stderr : io.stdout;
    this.#session = session;
    this.#out = new LineWriter(stream);
    this.#color = wantsColor(io, stream);
    // Lines that scroll past on the same terminal would tear the bar apart.
    const scrolls = (screen.packets !== 'none' || screen.stats) && stream.isTTY === true;
    this.#progress = screen.progress && io.stderr.isTTY === true && !scrolls ? progressBar(io.stderr) : NO_PROGRESS;
    this.#stats = screen.stats ? new IntervalStats(screen.statsIntervalMs, screen.topFlows) : null;
    const names = options.input.kind === 'capture' ? options.input.interfaces : [];
    this.#printer = new PacketPrinter({
      ignoreProtocols: options.ignoreProtocols,
      interfaceName: (source) => names[source] ?? null,
      showInterface: names.length > 1,
    });
  }

  /** Listens to what has to be shown, and to nothing else: packets cost only where somebody looks. */
  attach(sensor: RunnableSensor): void {
    if (this.#session.screen.packets !== 'none') sensor.on('packet', (packet) => this.#packet(packet));
    sensor.on('alert', (alert, isNew) => this.#alert(alert, isNew));
    if (this.#stats !== null) sensor.on('tick', (tick) => this.#tick(tick));
    if (this.#progress !== NO_PROGRESS) sensor.on('progress', (progress) => this.#progress.update(progress));
  }

  #packet(packet: TapPacket): void {
    const printable = this.#printer.print(packet);
    if (printable !== null) this.#out.line(this.#session.screen.packets === 'detail' ? printable.detail() : printable.line());
  }

  /** Once per alert: repeats are for those who keep records, suppressed ones as well. */
  #alert(alert: AlertRecord, isNew: boolean): void {
    if (!isNew || alert.suppressed) return;
    // The bar comes back with the next progress.
    this.#progress.stop();
    this.#out.line(alertLine(alert, this.#color));
    if (this.#progress !== NO_PROGRESS) this.#out.flush();
  }

  #tick(tick: TickReport): void {
    const report = this.#stats?.add(tick) ?? null;
    if (report === null) return;
    this.#out.line(statsLine(report, this.#session.command === 'capture'));
  }

  summary(summary: RunSummary): void {
    this.#out.line(renderSummary(summary, { color: this.#color }).trimEnd());
    this.#out.flush();
  }

  /** Writes what is pending and removes the bar. */
  close(): void {
    this.#progress.stop();
    this.#out.flush();
  }

  /** The reader of the text has gone. */
  abandon(): void {
    this.#out.abandon();
  }
}
