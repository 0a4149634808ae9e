/** The rules about floods, scans, ARP and DHCP. */
import type { Rule } from '../rule.ts';
import { arpScan } from './arp-scan.ts';
import { arpSpoof } from './arp-spoof.ts';
import { dhcpFlood } from './dhcp-flood.ts';
import { horizontalScan } from './horizontal-scan.ts';
import { icmpSweep } from './icmp-sweep.ts';
import { portScan } from './port-scan.ts';
import { slowScan } from './slow-scan.ts';
import { synFlood } from './syn-flood.ts';
import { udpScan } from './udp-scan.ts';
import { verticalScan } from './vertical-scan.ts';

export const SCAN_RULES: readonly Rule[] = [
  synFlood,
  portScan,
  verticalScan,
  horizontalScan,
  slowScan,
  udpScan,
  icmpSweep,
  arpScan,
  arpSpoof,
  dhcpFlood,
];
