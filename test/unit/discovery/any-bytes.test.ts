/** Hostile input: whatever the bytes are, nothing throws, everything stays bounded and clean, and damage is counted. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inventory } from '../../../src/discovery/inventory.ts';
import { readFrame } from '../../../src/discovery/read-frame.ts';
import { recogniseDiscovery } from '../../../src/discovery/recognise.ts';
import { browserAnnouncement } from '../../support/app/datagrams.ts';
import * as F from '../../support/discovery/frames.ts';

const FRAMES: readonly (readonly number[])[] = [
  F.arpFrame(1, F.PI, '192.168.1.10'),
  F.ndpFrame(136, [0x60, 0, 0, 0, ...F.ip6('2001:db8:0:0:0:0:0:7'), ...F.linkOption(2, F.PI)], 'fe80:0:0:0:0:0:0:7'),
  F.dhcpRequestFrame(),
  F.dhcpAckFrame(),
  F.udp6Frame(F.DHCPV6_REQUEST, 'fe80:0:0:0:0:0:0:5', 546, 547),
  F.udp6Frame(F.dhcpv6Relayed(F.PI, true), 'fd00:0:0:0:0:0:0:1', 547, 547),
  F.mdnsFrame(),
  F.llmnrFrame(),
  F.netbiosRegistration('FILESRV', 0),
  F.netbiosStatus([['WS-12', 0, false]]),
  F.udpFrame(browserAnnouncement, { sourceIp: '192.0.2.9', destinationIp: '192.0.2.255', sourcePort: 138, destinationPort: 138 }),
  F.ssdpFrame(),
  F.lldpFrame(),
  F.cdpFrame(),
];
const DIRTY = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u;

function checkDevices(inventory: Inventory): void {
  for (const device of inventory.devices()) {
    expect(device.ips.length).toBeLessThanOrEqual(16);
    expect(device.addresses.length).toBeLessThanOrEqual(64);
    expect(device.names.length).toBeLessThanOrEqual(32);
    expect(device.services.length).toBeLessThanOrEqual(64);
    const { dhcp, switch_port: port } = device;
    const texts = [device.os, device.model, dhcp?.vendor_class, dhcp?.fingerprint, port?.switch, port?.port];
    for (const text of [...texts, ...device.names.map(({ name }) => name), ...device.services.map(({ name }) => name)]) {
      expect(text ?? '').not.toMatch(DIRTY);
      expect((text ?? '').length).toBeLessThanOrEqual(255);
    }
  }
}

describe('any bytes', () => {
  it('are read or refused', () => {
    const linkTypes = fc.constantFrom(0, 1, 101, 113, 276, 500);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), linkTypes), { maxLength: 20 }), (frames) => {
        const inventory = new Inventory({ maxDevices: 4 });
        for (const [bytes, linkType] of frames) inventory.observeFrame(F.tapFrame(bytes, F.AT, linkType));
        expect(inventory.size).toBeLessThanOrEqual(4);
        checkDevices(inventory);
      }),
      { numRuns: 500 },
    );
  });

  it('in place of those of a real message, too', () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), byte: fc.nat(255) });
    const changes = fc.array(change, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...FRAMES), changes, fc.double({ min: 0, max: 1, noNaN: true }), (frame, edits, kept) => {
        const bytes = Uint8Array.from(frame);
        // The link header stays, so that the reader of the protocol gets the rest.
        for (const { at, byte } of edits) bytes[14 + Math.floor(at * (bytes.length - 14))] = byte;
        const inventory = new Inventory();
        inventory.observeFrame(F.tapFrame(kept > 0.5 ? bytes : bytes.subarray(0, Math.floor(kept * 2 * bytes.length))));
        checkDevices(inventory);
      }),
      { numRuns: 5000 },
    );
  });

  it('cut after every byte, a message is read or counted', () => {
    for (const frame of FRAMES) {
      const protocol = recogniseDiscovery(Uint8Array.from(frame), 1);
      if (protocol === null) throw new Error('a frame is of no protocol');
      const whole = readFrame(F.tapFrame(frame), protocol);
      expect(whole).toMatchObject({ malformed: false });
      expect(whole?.observations.length).toBeGreaterThan(0);
      for (let cut = 0; cut < frame.length; cut++) readFrame(F.tapFrame(frame.slice(0, cut)), protocol);
    }
  });
});

it('damage is counted by protocol', () => {
  const inventory = new Inventory();
  // Behind the ports, so that the protocol is known, and in front of what makes a message whole.
  const kept: readonly number[] = [30, 70, 60, 60, 64, 80, 60, 48, 60, 48, 60, 48, 30, 40];
  for (const [index, frame] of FRAMES.entries()) inventory.observeFrame(F.tapFrame(frame.slice(0, kept[index])));
  expect(inventory.counters.malformed).toEqual({
    arp: 1,
    ndp: 1,
    dhcp: 2,
    dhcpv6: 2,
    mdns: 1,
    llmnr: 1,
    netbios_ns: 2,
    netbios_dgm: 1,
    ssdp: 1,
    lldp: 1,
    cdp: 1,
  });
  // What is whole in front of the damage counts: here the first field of CDP.
  expect(inventory.devices().flatMap(({ names }) => names.map(({ name }) => name))).toEqual(['access-3']);
});

it('scripts in names stay text, without what a terminal obeys', () => {
  const inventory = new Inventory();
  inventory.observeFrame(F.tapFrame(F.lldpFrame({ name: '<script>alert(1)</script>\u001b[2J' })));
  expect(inventory.device(F.PI)?.hostname).toBe('<script>alert(1)</script>[2J');
});
