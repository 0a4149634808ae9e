/** An independent count of the same wire: tcpdump beside the sensor, its file read by tshark and capinfos. */
import { mustRun, sleep } from '../support/command.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { receiving } from './capture-run.ts';
import type { Network } from './namespaces.ts';

/** Packets from the lower endpoint to the higher one and back, by `protocol lower higher`. */
export type Conversations = Map<string, { aToB: number; bToA: number }>;

export function conversationKey(protocol: string, left: string, right: string): { key: string; swapped: boolean } {
  return left <= right ? { key: `${protocol} ${left} ${right}`, swapped: false } : { key: `${protocol} ${right} ${left}`, swapped: true };
}

export function addConversation(to: Conversations, protocol: string, left: string, right: string, forth: number, back: number): void {
  const { key, swapped } = conversationKey(protocol, left, right);
  const known = to.get(key) ?? { aToB: 0, bToA: 0 };
  known.aToB += swapped ? back : forth;
  known.bToA += swapped ? forth : back;
  to.set(key, known);
}

/** tshark's TCP and UDP conversation statistics; the streams of one tuple are added up. */
export async function tsharkConversations(capture: string): Promise<Conversations> {
  const found: Conversations = new Map();
  for (const protocol of ['tcp', 'udp']) {
    const { stdout } = await mustRun('tshark', ['-n', '-r', capture, '-q', '-z', `conv,${protocol}`]);
    for (const line of stdout.split('\n')) {
      const match = /^(\S+)\s+<->\s+(\S+)\s+(\d+)\s+[\d,]+ \S+\s+(\d+)\s+[\d,]+ \S+\s/.exec(line);
      // Columns: A <-> B | frames B to A, bytes | frames A to B, bytes | total.
      if (match !== null) addConversation(found, protocol, match[1], match[2], Number(match[4]), Number(match[3]));
    }
  }
  return found;
}

export interface CaptureTotals {
  packets: number;
  bytes: number;
}

export async function captureTotals(file: string): Promise<CaptureTotals> {
  const { stdout } = await mustRun('capinfos', ['-M', '-c', '-d', file]);
  const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(stdout)?.[1] ?? Number.NaN);
  return { packets: field('Number of packets'), bytes: field('Data size') };
}

/**
 * IP without the chatter of neighbours and multicast groups: that comes at moments of its own, also between the ends of
 * two observers that cannot end at the same instant.
 */
export const NO_CHATTER = '(ip or ip6) and not ip6 multicast and not (icmp6 and (ip6[40] = 135 or ip6[40] = 136))';

/** tcpdump on one device, without chatter; `stop` ends it and gives the file when it lost nothing. */
export async function startTcpdump(
  network: Network,
  space: string,
  device: string,
  folder: TemporaryFolder,
  name = 'referee',
): Promise<{ stop(): Promise<string> }> {
  const file = folder.file(`${name}.pcap`);
  const process = network.start(space, 'tcpdump', ['-i', device, '-n', '-U', '-B', '32768', '-Z', 'root', '-w', file, NO_CHATTER]);
  await receiving(process);
  return {
    async stop() {
      // libpcap hands a block of packets on when it is full or a second old; what is in it at the signal is never read.
      await sleep(1500);
      const { stderr } = await process.stop('SIGINT');
      if (!/^0 packets dropped by kernel/m.test(stderr)) throw new Error(`tcpdump lost packets itself:\n${stderr}`);
      return file;
    },
  };
}
