import { numberIn, type Peer } from '../peer.ts';

/** Flow table and application recognition. */
export const ndpiReader: Peer = {
  name: 'ndpiReader',
  does: 'flows, application recognition',
  mostFrames: Number.POSITIVE_INFINITY,
  invocation: (capture) => ({ command: 'ndpiReader', arguments: ['-i', capture.path, '-v', '0'] }),
  framesSeen: (output) => numberIn(output, /IP packets:\s+([\d,]+)/),
  version: { arguments: ['-h'], pattern: /nDPI (\d[\w.-]*)/ },
};
