/**
 * Captures with shards that nap after each batch and rings of half a MiB, until its standard input ends, and prints what
 * the summary says of losses: slow-shard-script.ts DEVICE SHARDS
 */
import { Sensor } from '../../src/index.ts';

const [device, shards] = process.argv.slice(2);
await using sensor = new Sensor({
  input: { kind: 'capture', interfaces: [device], bufferMb: 64 },
  tracking: { shards: Number(shards), dpi: 'off' },
  slowShardMs: 300,
  ringBytes: 1 << 19,
  records: false,
});
process.once('SIGINT', () => void sensor.stop());
await sensor.start();
const { doctor, ring_drops, frames_read } = await sensor.done;
console.log(JSON.stringify({ doctor, ring_drops, frames_read }));
