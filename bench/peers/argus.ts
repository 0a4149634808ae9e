import type { Peer } from '../peer.ts';

/** Bidirectional flows with TCP analysis, to a file. Its wall time holds about a second of waiting at the end. */
export const argus: Peer = {
  name: 'argus',
  does: 'flows with TCP analysis, argus file',
  mostFrames: Number.POSITIVE_INFINITY,
  invocation: (capture, scratch) => ({ command: 'argus', arguments: ['-r', capture.path, '-w', `${scratch}/flows.argus`] }),
  framesSeen: () => null,
  version: { arguments: ['-h'], pattern: /Argus Version (\S+)/ },
};
