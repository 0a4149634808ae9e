/** Shows all rules 300,000 attempts of one shape; prints what their memory came to. `node --expose-gc detect-memory-script.ts SHAPE` */

import { AddressCache } from '../../src/detect/address-cache.ts';
import { addressText } from '../../src/detect/address-text.ts';
import { dispatch } from '../../src/detect/dispatch.ts';
import type { OpenEvent } from '../../src/detect/events.ts';
import { RULES, resolveRules } from '../../src/detect/rules.ts';
import { ContactFollower, type ContactRule } from '../../src/detect/state/contact-follower.ts';
import { SourceMarks } from '../../src/detect/state/source-marks.ts';

const ATTEMPTS = 300_000;
const PER_SECOND = 20_000;
const NS = 1e9;

const address = (number: number): string => String.fromCharCode(10, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
/** From invented sources to one service; from them to many services; from one source to every host of many networks. */
const SHAPES: Record<string, (i: number) => Pick<OpenEvent, 'source' | 'target' | 'targetPort'>> = {
  flood: (i) => ({ source: address(i), target: address(0xff_0001), targetPort: 80 }),
  services: (i) => ({ source: address(i), target: address(0xff_0000 + (i % 60_000)), targetPort: 1 + (i % 60_000) }),
  scan: (i) => ({ source: address(7), target: address(i), targetPort: 445 }),
};
const shape = SHAPES[process.argv[2] ?? ''];
if (shape === undefined) throw new Error(`the shapes are ${Object.keys(SHAPES).join(', ')}`);

const collect = globalThis.gc as () => void;
const tools = { isInternal: (text: string) => text.charCodeAt(0) === 10, text: addressText };
const addresses = new AddressCache(tools);
// As in the engine: one follower for all rules about contacts, which by default wait equally long.
const follower = new ContactFollower(1000, (_, error) => {
  throw error;
});
const contacts = { marks: new SourceMarks(), follow: (_: number, rule: ContactRule) => follower.add(rule) };
collect();
/** Objects, and tables of numbers beside them. */
const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
const before = used();
const running = resolveRules({ rules: {}, networks: {}, places: {} }, RULES)
  .filter(({ enabled }) => enabled)
  .map(({ rule, settings }) => rule.create({ settings, raise: () => {}, contacts, ...tools }));
if (running.length < RULES.length / 2) throw new Error('most rules are off');

const tick = {
  type: 'tick',
  ordinal: 0,
  final: false,
  packets: 0,
  bytes: 0,
  dropped: 0,
  missedBytes: 0,
  payloadBytes: 0,
  clockSteps: 0,
} as const;
for (let i = 0; i < ATTEMPTS; i++) {
  const at = (i * NS) / PER_SECOND;
  const event: OpenEvent = {
    type: 'open',
    at,
    ordinal: i,
    protocol: 6,
    sourcePort: 1024 + (i % 60_000),
    icmpType: 0,
    tracked: true,
    outcome: null,
    ...shape(i),
  };
  follower.open(event);
  for (const handlers of running) dispatch(handlers, event, addresses);
  if (i % PER_SECOND !== PER_SECOND - 1) continue;
  follower.tick({ ...tick, at: at + 1 });
  for (const handlers of running) dispatch(handlers, { ...tick, at: at + 1 }, addresses);
}
collect();
const megabytes = Math.round((used() - before) / 1e5) / 10;
console.log(JSON.stringify({ megabytes, attempts: ATTEMPTS }));
// What was measured has to be alive until here.
if (running.length === 0) process.exitCode = 1;
