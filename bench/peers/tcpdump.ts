import type { Peer } from '../peer.ts';

/** The reading limit: libpcap's file reader and nothing else worth mentioning. */
export const tcpdump: Peer = {
  name: 'tcpdump',
  does: 'copies to /dev/null',
  mostFrames: Number.POSITIVE_INFINITY,
  invocation: (capture) => ({ command: 'tcpdump', arguments: ['-r', capture.path, '-w', '/dev/null'] }),
  framesSeen: () => null,
  version: { arguments: ['--version'], pattern: /tcpdump version (\S+)/ },
};
