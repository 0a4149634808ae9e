import { numberIn, type Peer } from '../peer.ts';

/** Flow table and nfdump files. Its default node cache is kept: a larger one makes it slower. */
export const nfpcapd: Peer = {
  name: 'nfpcapd',
  does: 'flows, nfdump files',
  mostFrames: Number.POSITIVE_INFINITY,
  invocation: (capture, scratch) => ({ command: 'nfpcapd', arguments: ['-r', capture.path, '-w', scratch] }),
  framesSeen: (output) => numberIn(output, /Total: Processed: (\d+)/),
  version: { arguments: ['-V'], pattern: /Version: (\S+)/ },
};
