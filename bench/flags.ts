/** What the bench is asked for on its command line. */
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { captureNames } from './captures.ts';

const ROUNDS = 5;

export interface BenchFlags {
  quick: boolean;
  rounds: number;
  captures: ReadonlySet<string>;
  peers: ReadonlySet<string>;
  /** Of the JSON; null: none is written. */
  output: string | null;
  readme: boolean;
}

function chosen(text: string | undefined, known: readonly string[], flag: string): Set<string> {
  if (text === undefined) return new Set(known);
  const names = text.split(',');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`--${flag} ${unknown.join(',')}: known are ${known.join(', ')}`);
  return new Set(names);
}

/** `date`: of the results. @throws Error with one line about what is wrong; `--help` prints and ends the process. */
export async function readFlags(args: readonly string[], peers: readonly string[], date: string): Promise<BenchFlags> {
  const read = await yargs([...args])
    .scriptName('npm run bench --')
    .usage('$0\n\nWeir beside every installed peer on the same captures, in turn, several rounds')
    .options({
      quick: { type: 'boolean', default: false, describe: 'Small captures, one round, writes nothing: seconds in place of minutes' },
      rounds: { type: 'number', describe: `How often each program runs [default ${ROUNDS}, with --quick 1]` },
      captures: { type: 'string', describe: 'Only these captures, comma-separated' },
      peers: { type: 'string', describe: `Only these others, comma-separated [${peers.join(', ')}]` },
      output: { type: 'string', describe: 'File for the results as JSON [default, where all takes part: bench/results/DATE.json]' },
      readme: { type: 'boolean', default: false, describe: 'Also write the table in README.md' },
    })
    .example('$0 --captures imix --peers tcpdump --rounds 9', 'one capture, one other program')
    .strict()
    .version(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new Error(message ?? 'wrong arguments');
    })
    .parseAsync();
  const { quick, output, readme, rounds = quick ? 1 : ROUNDS } = read;
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: a whole number from 1');
  const isWhole = !quick && read.captures === undefined && read.peers === undefined;
  return {
    quick,
    rounds,
    captures: chosen(read.captures, captureNames(quick), 'captures'),
    peers: chosen(read.peers, peers, 'peers'),
    // A part must not take the place of the day's whole.
    output: output ?? (isWhole ? fileURLToPath(new URL(`./results/${date}.json`, import.meta.url)) : null),
    readme,
  };
}
