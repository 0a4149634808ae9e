/**
 * tshark's opinion of the bundled captures: every flow is given to it as the protocol that we expect ("decode as", by
 * transport and server port), and each display filter of the expectation must match a frame. Nothing of ours is run.
 *
 *   node scripts/record/referee.ts [capture ...]      without .pcap; exit 1 and one line per objection
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expectedCaptures } from '../../test/fixtures/captures/expected.ts';
import type { ExpectedFlow } from '../../test/fixtures/captures/expected-flow.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url));

function decodeAs(flows: readonly ExpectedFlow[]): string[] {
  return flows.flatMap(({ transport, port, tshark }) =>
    tshark?.as === undefined ? [] : ['-d', `${transport}.port==${port},${tshark.as}`],
  );
}

/** What tshark objects to a filter on a capture, or null when a frame matches. */
async function objection(name: string, flows: readonly ExpectedFlow[], filter: string): Promise<string | null> {
  const reading = ['-n', '-r', `${folder}${name}.pcap`, ...decodeAs(flows)];
  try {
    const { stdout } = await run('tshark', [...reading, '-Y', filter, '-T', 'fields', '-e', 'frame.number']);
    return stdout === '' ? `${name}: no frame matches ${filter}` : null;
  } catch (error) {
    // Its first line says what is wrong with the filter or the protocol; a list of all protocols may follow.
    const said = ((error as { stderr?: string }).stderr ?? String(error)).split('\n').filter((line) => !line.startsWith('Running as'));
    return `${name}: ${filter}: ${said[0]}`;
  }
}

async function objections(name: string, flows: readonly ExpectedFlow[]): Promise<string[]> {
  // Something must have been said at every port that we expect.
  const ports = flows.map(({ transport, port }) => (port === null ? transport : `${transport}.port == ${port}`));
  const filters = new Set([...ports, ...flows.flatMap(({ tshark }) => tshark?.finds ?? [])]);
  const found = await Promise.all([...filters].map((filter) => objection(name, flows, filter)));
  return found.filter((line) => line !== null);
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(expectedCaptures);
const recorded = readdirSync(folder).filter((file) => file.endsWith('.pcap'));
const unexpected = recorded.filter((file) => !(file.slice(0, -'.pcap'.length) in expectedCaptures));
const found = unexpected.map((file) => `${file}: nothing is expected of it`);
for (const name of wanted) {
  const flows = expectedCaptures[name];
  found.push(...(flows === undefined ? [`${name}: nothing is expected of it`] : await objections(name, flows)));
}
for (const line of found) process.stderr.write(`${line}\n`);
console.log(`referee: ${wanted.length} captures, ${found.length} objections`);
process.exitCode = found.length > 0 ? 1 : 0;
