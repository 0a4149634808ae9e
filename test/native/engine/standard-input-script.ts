/** Reads standard input with a bare engine: prints the number of each frame, stops after as many as its argument says, and prints why it finished. */
import { loadAddon } from '../../../src/native/load.ts';
import { RecordKind } from '../../../src/ring/layout.ts';
import { EngineRun, engineOptions, fileSource, RecordReader } from './engine-run.ts';

const wanted = Number(process.argv[2]);
const options = engineOptions([fileSource('-')], { tap: null });
const reader = new RecordReader(options.rings[0][0]);
const run = new EngineRun(options);
const waker = loadAddon().createWaker(drain);

function drain(): void {
  do {
    for (const { kind, ordinal } of reader.take()) {
      if (kind !== RecordKind.PACKET) continue;
      console.log(ordinal);
      if (ordinal === wanted) run.engine.stop();
    }
  } while (!reader.hasEnded && reader.ring.announceSleep());
}

reader.ring.attachWaker(waker.id);
drain();
run.engine.start();
console.log(await run.finished);
