import type { Peer } from '../peer.ts';

/** Full dissection and TCP conversations. Keeps state for every packet, so it only gets captures that fit into memory. */
export const tshark: Peer = {
  name: 'tshark',
  does: 'full dissection, conversations',
  mostFrames: 500_000,
  invocation: (capture) => ({ command: 'tshark', arguments: ['-n', '-r', capture.path, '-q', '-z', 'conv,tcp'] }),
  framesSeen: () => null,
  version: { arguments: ['--version'], pattern: /TShark \(Wireshark\) (\d[\d.]*\d)/ },
};
