/** Writes ticks into a store until it is killed, and says the number of each one that has been taken: `node write-ticks.ts DIR FROM` */
import { writeSync } from 'node:fs';
import { Store } from '../../src/store/store.ts';
import { alert, BASE, device, randomFlow, randomOf, storedFlow, tick } from '../support/stored-ticks.ts';

const [directory, from] = process.argv.slice(2);
const FLOWS = 400;
const store = Store.open(directory);
const random = randomOf(Number(from));
for (let number = Number(from); ; number++) {
  const first = number * FLOWS;
  const flows = Array.from({ length: FLOWS }, (_, index) => randomFlow(random, first + index, BASE + number));
  // One that was stored before, so that rows are also replaced.
  if (number > 0) flows.push(storedFlow({ id: first - 1, interims: 1, last: BASE + number }));
  store.writeTick(tick(number, { flows, devices: [device(2 + (number % 50))], alerts: [alert(number)] }));
  writeSync(1, `${number}\n`);
  if (number % 5 === 0) store.prune({ maxAgeSecs: 60, maxBytes: 0 });
}
