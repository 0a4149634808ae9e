/** Messages of DHCP clients, of which nothing but addresses and ports is looked at. */
import * as h from '../fixtures/headers.ts';

const TO_ALL = [255, 255, 255, 255, 255, 255];
export const NOBODY = [0, 0, 0, 0];
export const EVERYBODY = [255, 255, 255, 255];

const broadcast = (mac: number[], etherType: number, packet: number[]) => [...TO_ALL, ...mac, ...h.u16(etherType), ...packet];

export const dhcpMessage = (mac: number[], source = NOBODY, destination = EVERYBODY, sourcePort = 68, targetPort = 67): number[] =>
  broadcast(mac, 0x0800, h.ipv4(17, h.udp(sourcePort, targetPort, h.zeros(240)), { source, destination }));
export const dhcpv6Message = (mac: number[]): number[] => broadcast(mac, 0x86dd, h.ipv6(17, h.udp(546, 547, h.zeros(60))));
