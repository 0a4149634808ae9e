import { expect, it } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { LateParsers, loadParsers } from '../../../src/shard/late-parsers.ts';

it('are loaded when somebody asks, once', () => {
  let loads = 0;
  const late = new LateParsers(() => {
    loads++;
    return createRegistry();
  });
  expect(loads).toBe(0);
  const whole = createRegistry();
  const names = (parsers: readonly { protocol: string }[]) => parsers.map(({ protocol }) => protocol);
  expect(names(late.streamsFor(443))).toEqual(names(whole.streamsFor(443)));
  expect(names(late.datagramsFor(53, 40_000))).toEqual(names(whole.datagramsFor(53, 40_000)));
  expect([...late.usualPorts('ssh')]).toEqual([...whole.usualPorts('ssh')]);
  expect(loads).toBe(1);
});

it('are all of them', () => {
  expect(loadParsers().streamsFor(1).length).toBe(createRegistry().streamsFor(1).length);
});
