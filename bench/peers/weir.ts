import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { numberIn, type Peer } from '../peer.ts';

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface WeirVariant {
  name: string;
  does: string;
  shards: number;
  maxFlows: number;
}

/** Weir itself: the built command, with every TCP analysis on. Writes its summary, from which the frames are read. */
export function weir(variant: WeirVariant): Peer {
  let summary = '';
  return {
    name: variant.name,
    does: variant.does,
    mostFrames: Number.POSITIVE_INFINITY,
    invocation: (capture, scratch) => {
      summary = `${scratch}/summary.json`;
      const limits = ['--max-flows', String(variant.maxFlows), '--shards', String(variant.shards)];
      return {
        command: process.execPath,
        arguments: [command, 'replay', capture.path, '--quiet', ...limits, '--summary-json', summary],
      };
    },
    framesSeen: () => (existsSync(summary) ? numberIn(readFileSync(summary, 'utf8'), /"frames_read": ?(\d+)/) : null),
    version: { arguments: [command, '--version'], pattern: /(\d+\.\d+\.\d+\S*)/ },
  };
}

export const weirOneShard = weir({ name: 'weir', does: 'flows with TCP analysis, 1 shard', shards: 1, maxFlows: 1_000_000 });
export const weirTwoShards = weir({ name: 'weir ×2', does: 'flows with TCP analysis, 2 shards', shards: 2, maxFlows: 1_000_000 });
export const weirSmallTable = weir({ name: 'weir 100k', does: 'the same, --max-flows 100000', shards: 1, maxFlows: 100_000 });
