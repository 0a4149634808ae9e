/**
 * Multicast DNS (RFC 6762) and the services in it (RFC 6763). A device announces its own records, and probes with them in
 * the authority section; reflectors repeat those of others. So records count when the addresses among them, if there are
 * any, include the one that the message came from, and then only those of the names that have it.
 */

import { FLAG_RESPONSE, isAddressRecord, MessageReader } from '../app/dns-message.ts';
import { NameReader } from '../app/dns-names.ts';
import type { DnsAnswer } from '../app/facts.ts';
import { labelsOf, textPairs } from './dns-text.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { type NameFact, NOTHING_SAID, type Reading, type ServiceFact, UNREADABLE } from './observation.ts';
import { osOfAppleModel, osOfHinfo } from './os-hints.ts';

const SERVICE_LIMIT = 64;
/** Keys of TXT records that hold a model, the surest first: Apple's device-info, AirPlay, Cast and HomeKit, RAOP, printers. */
const MODEL_KEYS = ['model', 'md', 'am', 'ty', 'usb_mdl'];
const reader = new MessageReader(new NameReader());

interface ServiceName {
  name: string;
  protocol: 'tcp' | 'udp';
}

/** `_ipp._tcp` in front of the domain; null when the labels hold no service. Subtypes name the service that they are of. */
function serviceOf(labels: readonly string[]): ServiceName | null {
  const at = labels.findLastIndex((label) => label === '_tcp' || label === '_udp');
  const name = labels[at - 1];
  if (name === undefined || !name.startsWith('_') || name.length < 2) return null;
  return { name: name.slice(1), protocol: labels[at] === '_tcp' ? 'tcp' : 'udp' };
}

function withoutLocal(name: string): string {
  return labelsOf(name.replace(/\.local$/i, '')).join('.');
}

/** Records of the message that are the sender's own, with the names that have its address; null when they are another's. */
function ownRecords(records: readonly DnsAnswer[], source: string): { records: readonly DnsAnswer[]; names: Set<string> } | null {
  const addresses = records.filter(isAddressRecord);
  const names = new Set(addresses.filter(({ data }) => data === source).map(({ name }) => name.toLowerCase()));
  if (addresses.length > 0 && names.size === 0) return null;
  const own = (record: DnsAnswer) => {
    if (names.size === 0) return true;
    if (isAddressRecord(record)) return names.has(record.name.toLowerCase());
    return record.type !== 'SRV' || names.has(record.data.split(' ').slice(3).join(' ').toLowerCase());
  };
  return { records: records.filter(own), names };
}

function servicesOf(records: readonly DnsAnswer[]): ServiceFact[] {
  const found = new Map<string, ServiceFact>();
  for (const { name, type, data } of records) {
    if (found.size >= SERVICE_LIMIT) break;
    if (type !== 'SRV' && type !== 'PTR') continue;
    const labels = labelsOf(name);
    const service = serviceOf(labels[0] === '_services' ? labelsOf(data) : labels);
    if (service === null || service.name === '_dns-sd' || service.name === 'dns-sd') continue;
    const port = type === 'SRV' ? Number(data.split(' ')[2]) || null : null;
    const key = `${service.protocol}/${service.name}`;
    if (port !== null) found.delete(key);
    if (!found.has(key) || port !== null) found.set(port === null ? key : `${key}/${port}`, { ...service, port });
  }
  const exact = new Set([...found.values()].filter(({ port }) => port !== null).map(({ name, protocol }) => `${protocol}/${name}`));
  return [...found.values()].filter(({ name, port, protocol }) => port !== null || !exact.has(`${protocol}/${name}`));
}

interface Description {
  model: string | null;
  os: string | null;
  friendly: string | null;
}

function describe(records: readonly DnsAnswer[]): Description {
  const description: Description = { model: null, os: null, friendly: null };
  let rank = MODEL_KEYS.length;
  for (const { name, type, data } of records) {
    if (type === 'HINFO') description.os ??= osOfHinfo([...data.matchAll(/"([^"]*)"/g)].map(([, text]) => text));
    if (type !== 'TXT') continue;
    const pairs = textPairs(data);
    const found = MODEL_KEYS.findIndex((key) => (pairs.get(key) ?? '') !== '');
    if (found >= 0 && found < rank) {
      rank = found;
      description.model = pairs.get(MODEL_KEYS[found]) ?? null;
    }
    if (serviceOf(labelsOf(name))?.name === 'googlecast') description.friendly ??= pairs.get('fn') ?? null;
  }
  if (description.model !== null) description.os ??= osOfAppleModel(description.model);
  return description;
}

export function readMdns(packet: LinkPacket): Reading {
  const { net, udp } = packet;
  if (net === null || udp === null) return UNREADABLE;
  const message = reader.read(udp.payload, 0, udp.payload.length, true);
  if (message === null || message.opcode !== 0) return UNREADABLE;
  const { malformed } = message;
  const isResponse = (message.bits & FLAG_RESPONSE) !== 0;
  // A lifetime of 0 takes a record back (RFC 6762 section 10.1).
  const said = (isResponse ? [...message.answers, ...message.additional] : message.authority).filter(({ ttl }) => ttl > 0);
  const own = ownRecords(said, net.source);
  if (own === null || own.records.length === 0) return { ...NOTHING_SAID, malformed };
  const { model, os, friendly } = describe(own.records);
  const names: NameFact[] = [...own.names].map((name) => ({ name: withoutLocal(spelling(own.records, name)), source: 'mdns' }));
  if (friendly !== null) names.push({ name: friendly, source: 'cast' });
  const addresses = own.records.filter(isAddressRecord).map(({ data }) => data);
  return { observations: [fromSender(packet, { addresses, names, services: servicesOf(own.records), model, os })], malformed };
}

/** The name as the device writes it. */
function spelling(records: readonly DnsAnswer[], lowerCase: string): string {
  return records.find(({ name }) => name.toLowerCase() === lowerCase)?.name ?? lowerCase;
}
