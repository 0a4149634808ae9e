/** The rules on names, volumes and connections, in the order in which they are listed. */
import type { Rule } from '../rule.ts';
import { beaconing } from './beaconing.ts';
import { bruteForce } from './brute-force.ts';
import { captureLoss } from './capture-loss.ts';
import { clockStep } from './clock-step.ts';
import { dga } from './dga.ts';
import { dnsTunnel } from './dns-tunnel.ts';
import { dataExfiltration } from './exfiltration.ts';
import { flowVolume } from './flow-volume.ts';
import { icmpTunnel } from './icmp-tunnel.ts';
import { lateralMovement } from './lateral-movement.ts';
import { longConnection } from './long-connection.ts';
import { newDevice } from './new-device.ts';
import { newService } from './new-service.ts';
import { nxdomainBurst } from './nxdomain-burst.ts';
import { trafficSpike } from './traffic-spike.ts';

export const CONNECTION_RULES: readonly Rule[] = [
  dnsTunnel,
  nxdomainBurst,
  dga,
  dataExfiltration,
  trafficSpike,
  lateralMovement,
  bruteForce,
  beaconing,
  longConnection,
  icmpTunnel,
  newService,
  newDevice,
  flowVolume,
  captureLoss,
  clockStep,
];
