import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { numberIn, type Peer } from '../peer.ts';

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface WeirVariant {
  name: string;
  does: string;
  shards: number;
  maxFlows: number;
  dpi: 'off' | 'builtin' | 'ndpi' | 'both';
  detect: boolean;
  captures?: readonly string[];
}

/** Weir itself: the built command, with every TCP analysis on. Writes its summary, from which the frames are read. */
export function weir({ name, does, shards, maxFlows, dpi, detect, captures }: WeirVariant): Peer {
  let summary = '';
  return {
    name,
    does,
    mostFrames: Number.POSITIVE_INFINITY,
    ...(captures === undefined ? {} : { captures }),
    invocation: (capture, scratch) => {
      summary = `${scratch}/summary.json`;
      const limits = ['--max-flows', String(maxFlows), '--shards', String(shards), '--dpi', dpi, detect ? '--anomalies' : '--no-anomalies'];
      return {
        command: process.execPath,
        arguments: [command, 'replay', capture.path, '--quiet', ...limits, '--summary-json', summary],
      };
    },
    framesSeen: () => (existsSync(summary) ? numberIn(readFileSync(summary, 'utf8'), /"frames_read": ?(\d+)/) : null),
    version: { arguments: [command, '--version'], pattern: /(\d+\.\d+\.\d+\S*)/ },
  };
}

/** Captures whose payloads are messages. Those of the others are zeros, in which no application is to be found. */
const MESSAGES = ['apps', 'apps-quick'];
const ZEROS = ['imix', 'imix-quick', 'small', 'small-quick', 'flood', 'collision', 'plain', 'subset'];
const core = { shards: 1, maxFlows: 1_000_000, dpi: 'off', detect: false } as const;

export const weirOneShard = weir({ ...core, name: 'weir', does: 'flows with TCP analysis, 1 shard', captures: ZEROS });
export const weirTwoShards = weir({ ...core, name: 'weir ×2', does: 'flows with TCP analysis, 2 shards', shards: 2, captures: ZEROS });
export const weirSmallTable = weir({
  ...core,
  name: 'weir 100k',
  does: 'the same, --max-flows 100000',
  maxFlows: 100_000,
  captures: ['flood'],
});

export const weirDetect = weir({
  ...core,
  name: 'weir detect',
  does: 'the same, with the detection rules',
  detect: true,
  captures: ['imix', 'imix-quick', 'flood'],
});

export const weirOff = weir({ ...core, name: 'weir off', does: 'flows with TCP analysis, 1 shard', captures: MESSAGES });
export const weirBuiltin = weir({
  ...core,
  name: 'weir builtin',
  does: 'and applications, --dpi builtin',
  dpi: 'builtin',
  captures: MESSAGES,
});
export const weirNdpi = weir({ ...core, name: 'weir ndpi', does: 'with nDPI alone, --dpi ndpi', dpi: 'ndpi', captures: MESSAGES });
export const weirBoth = weir({
  ...core,
  name: 'weir both',
  does: 'with our parsers and nDPI, --dpi both',
  dpi: 'both',
  captures: MESSAGES,
});
