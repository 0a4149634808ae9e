import { numberIn, type Peer } from '../peer.ts';

/** Flow table and NetFlow export to the discard port, where nothing listens. */
export const softflowd: Peer = {
  name: 'softflowd',
  does: 'flows, NetFlow v5 export',
  mostFrames: Number.POSITIVE_INFINITY,
  invocation: (capture) => ({
    command: 'softflowd',
    // The default of 8,192 flows would make it evict instead of track. Without `-c none` it sometimes waits for ever for
    // a control connection after reading a file (1.1.0).
    arguments: ['-r', capture.path, '-d', '-m', '3000000', '-n', '127.0.0.1:9', '-c', 'none'],
  }),
  framesSeen: (output) => numberIn(output, /Packets processed: (\d+)/),
  version: { arguments: ['-h'], pattern: /softflowd version (\d[\d.]*\d)/ },
};
