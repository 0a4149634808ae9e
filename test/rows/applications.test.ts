/**
 * Real clients and servers, nearly all on ports that are not theirs, are recognised by what they say; see
 * scripts/record-captures.sh for how they were recorded, test/fixtures/captures/expected*.ts for what they did.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/index.ts';
import { dpiUnavailable } from '../../src/native/dpi.ts';
import { expectedCaptures } from '../fixtures/captures/expected.ts';
import type { ExpectedFlow } from '../fixtures/captures/expected-flow.ts';
import { CAPTURE_NAMES, type Recognised, recognise, SPANS } from './application-captures.ts';

const UNUSUAL_PORT = 'known_protocol_on_non_standard_port';
const NAMES = Object.keys(expectedCaptures);
const isDecoy = (name: string) => name.startsWith('decoy-');
/** A label that claims to have read the content. */
const readFromContent = ({ app }: FlowRecord) => app?.confidence.startsWith('dpi') === true;

let one: Recognised;
beforeAll(async () => {
  one = await recognise(1, 'builtin');
});

function serverOf({ client, endpoint_a, endpoint_b }: FlowRecord): number | null {
  return client === 'a_to_b' ? endpoint_b.port : endpoint_a.port;
}

function checkRisks(flow: FlowRecord, { risks = [], not = [], usualPort }: ExpectedFlow): void {
  const names = flow.risks.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...risks, ...(usualPort === undefined ? [UNUSUAL_PORT] : [])]));
  expect(names.filter((name) => (not as readonly string[]).includes(name))).toEqual([]);
  if (usualPort !== undefined) expect(names).not.toContain(UNUSUAL_PORT);
}

function check(flow: FlowRecord, expected: ExpectedFlow): void {
  expect(flow.protocol).toBe(expected.transport);
  if (expected.port !== null) expect(serverOf(flow)).toBe(expected.port);
  if (expected.protocol === null) {
    expect(flow.service).toBeNull();
    expect(readFromContent(flow)).toBe(false);
    expect(flow.risks.map(({ name }) => name)).not.toContain(UNUSUAL_PORT);
    return;
  }
  expect(flow.app?.protocol).toBe(expected.protocol);
  expect(readFromContent(flow)).toBe(true);
  expect(flow.service).toBe(expected.service ?? expected.protocol);
  checkRisks(flow, expected);
  expect(flow).toMatchObject(expected.record ?? {});
}

describe('the bundled captures', () => {
  it('are those of which something is expected, and were recorded one after the other', () => {
    expect(CAPTURE_NAMES).toEqual([...NAMES].sort());
    for (const [index, { firstSecs }] of SPANS.slice(1).entries()) expect(firstSecs).toBeGreaterThan(SPANS[index].lastSecs);
  });

  it('give the same records with three shards', async () => {
    const three = await recognise(3, 'builtin');
    expect(three.records).toEqual(one.records);
  });
});

describe('a protocol on a port that is not its own is recognised:', () => {
  it.each(NAMES.filter((name) => !isDecoy(name)))('%s', (name) => {
    const flows = one.byCapture.get(name) ?? [];
    expect(flows.length).toBe(expectedCaptures[name].length);
    for (const [index, expected] of expectedCaptures[name].entries()) check(flows[index], expected);
  });
});

describe('the port does not name a flow that says something else, or nothing:', () => {
  it.each(NAMES.filter(isDecoy))('%s', (name) => {
    const flows = one.byCapture.get(name) ?? [];
    expect(flows.length).toBe(expectedCaptures[name].length);
    for (const [index, expected] of expectedCaptures[name].entries()) check(flows[index], expected);
  });
});

describe.skipIf(dpiUnavailable() !== null)('with libndpi beside the parsers', () => {
  it('every flow keeps its name, or gets a more exact one', async () => {
    const { byCapture } = await recognise(1, 'both');
    const others = NAMES.flatMap((name) =>
      expectedCaptures[name].flatMap((expected, index) => {
        const named = byCapture.get(name)?.[index]?.app?.protocol;
        return expected.protocol === null || named === expected.protocol || named === (expected.ndpi ?? null) ? [] : [`${name}: ${named}`];
      }),
    );
    expect(others).toEqual([]);
  });
});
