/** DHCP for both families. */
import { describe, expect, it } from 'vitest';
import { dhcp } from '../../../src/app/dhcp.ts';
import { dhcpv6 } from '../../../src/app/dhcpv6.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { dhcpMessage, dhcpv6Solicit, exchanges, option } from '../../support/app/datagrams.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';
import { be, join, sized } from '../../support/app/steady.ts';

describe('DHCP', () => {
  it('says who asks, with which fingerprint, and what is offered', () => {
    const { facts } = driveDatagrams(dhcp, exchanges.dhcp);
    expect(facts.details.get('dhcp')).toEqual({
      client_mac: '00:00:5e:00:53:aa',
      hostname: 'Alices-PC',
      fingerprint: '1,3,6,15',
      vendor_class: 'MSFT 5.0',
      requested_address: '192.0.2.50',
      client_id: '0100005e0053aa',
      message: 'discover',
      messages: ['discover', 'offer'],
      server: '192.0.2.1',
      lease_s: 3600,
      router: '192.0.2.1',
      assigned_address: '192.0.2.50',
    });
    expect(facts.host).toBe('alices-pc');
  });

  it('finds options in the fields that they may overload', () => {
    const message = dhcpMessage(1, join(option(53, 3), option(52, 3)));
    message.set(option(12, 'inside'), 108);
    message.set(option(60, 'vendor'), 44);
    message[108 + 8] = 255;
    message[44 + 8] = 255;
    expect(driveDatagrams(dhcp, [[0, message]]).facts.details.get('dhcp')).toMatchObject({ hostname: 'inside', vendor_class: 'vendor' });
  });

  it('reads qualified names, marks options that do not fit, knows sides', () => {
    const fqdn = dhcpMessage(1, join(option(53, 3), option(81, 4, 0, 0, 4, 'host', 7, 'example', 0)));
    expect(driveDatagrams(dhcp, [[0, fqdn]]).facts.details.get('dhcp')?.fqdn).toBe('host.example');
    const broken = dhcpMessage(1, join(option(53, 1), 12, 200, 'x'));
    expect([...driveDatagrams(dhcp, [[0, broken]]).facts.risks]).toEqual(['malformed_packet']);
    expect(driveDatagrams(dhcp, [[1, fqdn]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(dhcp, [[0, fqdn.with(236, 0)]]).verdict).toBe(Verdict.NO);
  });
});

describe('DHCPv6', () => {
  it('says who asks for what', () => {
    const { facts } = driveDatagrams(dhcpv6, [[0, dhcpv6Solicit]]);
    expect(facts.details.get('dhcpv6')).toEqual({
      message: 'solicit',
      messages: ['solicit'],
      client_duid: '0003000100005e0053aa',
      fingerprint: '23,24',
      fqdn: 'host.example',
    });
    expect(facts.host).toBe('host.example');
  });

  it('looks into what a relay carries, and reads the lease', () => {
    const address = join(be(5, 2), sized(2, fromHex('20010db8000000000000000000000099'), be(300, 4), be(600, 4)));
    const reply = join(7, fromHex('a1b2c3'), be(1, 2), sized(2, fromHex('00030001aabb')), be(3, 2), sized(2, be(1, 4), be(0, 8), address));
    const relayed = join(13, 0, new Uint8Array(32), be(9, 2), sized(2, reply));
    expect(driveDatagrams(dhcpv6, [[1, relayed]]).facts.details.get('dhcpv6')).toMatchObject({
      message: 'relay_reply',
      messages: ['relay_reply', 'reply'],
      address: '2001:db8::99',
    });
    expect(driveDatagrams(dhcpv6, [[0, relayed]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(dhcpv6, [[0, dhcpv6Solicit.subarray(0, -1)]]).verdict).toBe(Verdict.NO);
  });
});
