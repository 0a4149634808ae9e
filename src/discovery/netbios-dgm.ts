/** NetBIOS datagrams (RFC 1002 section 4.4) with the announcements of the browser service ([MS-BRWS]). */
import { netbiosDgm } from '../app/netbios-dgm.ts';
import { readWith, textIn } from './app-reading.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { type NameFact, NOTHING_SAID, type Reading, type ServiceFact, UNREADABLE } from './observation.ts';
import { osOfBrowserVersion } from './os-hints.ts';

const services: Readonly<Record<string, ServiceFact>> = {
  local_master_announcement: { name: 'master_browser', port: null, protocol: null },
  host_announcement: { name: 'browser', port: null, protocol: null },
};

export function readNetbiosDgm(packet: LinkPacket): Reading {
  const reading = readWith(netbiosDgm, 'netbios', packet, true);
  if (reading === null) return UNREADABLE;
  const { detail, malformed } = reading;
  const name = textIn(detail, 'name');
  // Datagrams are forwarded by distribution servers too: then the one who speaks is another.
  if (name === null || textIn(detail, 'source_address') !== packet.net?.source) return { ...NOTHING_SAID, malformed };
  const browser = textIn(detail, 'browser') ?? '';
  const announced = textIn(detail, 'announced');
  const names: NameFact[] = [{ name: announced !== null && browser in services ? announced : name, source: 'netbios' }];
  if (browser === 'domain_announcement' && announced !== null) names.push({ name: announced, source: 'netbios_workgroup' });
  const version = textIn(detail, 'os');
  const os = version === null || !(browser in services) ? null : osOfBrowserVersion(version, textIn(detail, 'comment') ?? '');
  const service = services[browser];
  const addresses = packet.net === null ? [] : [packet.net.source];
  return { observations: [fromSender(packet, { names, os, addresses, services: service === undefined ? [] : [service] })], malformed };
}
