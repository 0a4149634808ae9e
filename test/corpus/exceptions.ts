/**
 * Where the sensor and tshark differ on a public capture because of the reference, and why. A miss that is listed here
 * does not count against a threshold; an entry without a miss is out of date and fails the test.
 */
import type { Miss } from './metrics.ts';

export interface RefereeException {
  metrics: string[];
  capture: string;
  /** Only this conversation; without it, all of the capture. */
  tuple?: string;
  reason: string;
}

const PACKETS = ['packets_exact_other_ip', 'bytes_exact_other_ip', 'captures_with_every_flow_exact'];
const SAME_ENDS = 'both ends have one address: the sensor tells the directions apart by ICMP type, tshark sees one direction';
const CLIPPED = 'the file claims a wire length of more than 2 GiB, which the reference tool clips at 2^31 - 1';
const MIDDLE_LAYER = 'three IP layers: the reference lists the innermost and the outermost, the sensor the one between as well';
const NO_DCCP_PORTS = 'the reference has no ports for DCCP when its header is cut';

export const REFEREE_EXCEPTIONS: RefereeException[] = [
  { metrics: PACKETS, capture: 'zeek__linux_dlt_sll2.pcap', reason: SAME_ENDS },
  { metrics: PACKETS, capture: 'tcpdump__icmpv6_nodeinfo_replyipv4.pcap', reason: SAME_ENDS },
  { metrics: PACKETS, capture: 'tcpdump__icmpv6_nodeinfo_replyipv6.pcap', reason: SAME_ENDS },
  { metrics: ['found_other_ip', ...PACKETS], capture: 'tcpdump__dccp_partial_csum_v4_longer.pcap', reason: NO_DCCP_PORTS },
  { metrics: ['found_other_ip'], capture: 'tcpdump__dccp_options-oobr.pcap', reason: NO_DCCP_PORTS },
  {
    metrics: ['packets_exact_tcp_udp', 'bytes_exact_tcp_udp', 'captures_with_every_flow_exact'],
    capture: 'suricata-verify__tcp-session-decode-malformed-ipv4__input.pcap',
    reason: 'frame 8 has an unknown IPv4 option behind which tshark stops; header and total length are sound, and TCP follows',
  },
  { metrics: ['bytes_exact_snaplen_cut'], capture: 'ndpi__fuzz-2021-06-07-c6c72a0a56.pcap', reason: CLIPPED },
  {
    metrics: ['bytes_exact_snaplen_cut'],
    capture: 'pcapplusplus__clusterfuzz-testcase-minimized-FuzzTarget-4683685084594176',
    reason: CLIPPED,
  },
  {
    metrics: ['bytes_exact_snaplen_cut'],
    capture: 'pcapplusplus__clusterfuzz-testcase-minimized-FuzzTarget-5196221831708672',
    reason: CLIPPED,
  },
  { metrics: ['no_phantom_flows'], capture: 'zeek__vxlan-triple-v2.pcap', reason: MIDDLE_LAYER },
  {
    metrics: ['no_phantom_flows'],
    capture: 'tcpdump__bigtcp-ipv6-geneve-ipv4.pcap',
    reason: 'super-packets with length 0 in the IPv6 header, which this tshark calls malformed; the sensor takes the frame length',
  },
];

const NO_THIRD_SEGMENT = [
  'zeek__bro.org-filtered.pcap',
  'suricata-verify__tcp_fastopen_segmentation.pcap',
  'zeek__modbus-and-non-modbus-p502.pcap',
];
for (const capture of NO_THIRD_SEGMENT) {
  REFEREE_EXCEPTIONS.push({
    metrics: ['handshake_rtt_reported'],
    capture,
    reason: 'the ACK that completes the handshake is missing; tshark takes whichever segment comes next from that side',
  });
}

/** Captures whose packets the reference counts in another way. */
export const OTHER_FRAME_COUNT: Record<string, string> = {
  'gopacket__test017.pcapng': 'four custom blocks and no packet; tshark lists custom blocks as frames',
};

/** Whether something is known of how the reference reads this capture. */
export function isException(file: string): boolean {
  return file in OTHER_FRAME_COUNT || REFEREE_EXCEPTIONS.some(({ capture }) => capture === file);
}

export function explained(metric: string, miss: Miss): boolean {
  return REFEREE_EXCEPTIONS.some(
    ({ metrics, capture, tuple }) => metrics.includes(metric) && capture === miss.capture && (tuple === undefined || tuple === miss.tuple),
  );
}
