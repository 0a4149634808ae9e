/** What discovery, management and building protocols over UDP say. */
import { describe, expect, it } from 'vitest';
import { bacnet } from '../../../src/app/bacnet.ts';
import { capwap } from '../../../src/app/capwap.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { dropboxLan } from '../../../src/app/dropbox-lan.ts';
import { natPmp } from '../../../src/app/nat-pmp.ts';
import { ptp } from '../../../src/app/ptp.ts';
import { rmcp } from '../../../src/app/rmcp.ts';
import { slp } from '../../../src/app/slp.ts';
import { wsd } from '../../../src/app/wsd.ts';
import { xdmcp } from '../../../src/app/xdmcp.ts';
import { asfPing, bacnetIAm, capwapDiscovery, exchanges, ptpMessage, slpMessage, wsdProbe } from '../../support/app/datagrams.ts';
import { a } from '../../support/app/dns.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';
import { be, join, sized } from '../../support/app/steady.ts';

describe('SLP', () => {
  it('says which service is looked for and found', () => {
    expect(driveDatagrams(slp, exchanges.slp).facts.details.get('service_location_protocol')).toEqual({
      version: 2,
      language: 'en',
      functions: ['service_request'],
      service: 'service:printer',
      scopes: 'DEFAULT',
    });
    const reply = slpMessage(2, be(0, 2), be(1, 2), 0, be(300, 2), sized(2, 'service:printer://desk'), 0);
    expect(driveDatagrams(slp, [[1, reply]]).facts.details.get('service_location_protocol')).toMatchObject({
      urls: ['service:printer://desk'],
    });
  });

  it('knows version 1, and refuses wrong lengths', () => {
    const first = join(1, 1, be(16, 2), 0, 0, 'en', be(3, 2), be(7, 2), be(0, 2), be(0, 2));
    expect(driveDatagrams(slp, [[0, first]]).facts.details.get('service_location_protocol')).toEqual({
      version: 1,
      language: 'en',
      functions: ['service_request'],
    });
    expect(driveDatagrams(slp, [[0, first.subarray(0, 15)]]).verdict).toBe(Verdict.NO);
  });
});

describe('WS-Discovery', () => {
  it('reads action and types', () => {
    expect(driveDatagrams(wsd, [[0, wsdProbe]]).facts.details.get('wsd')).toEqual({ actions: ['Probe'], types: 'wsdp:Device' });
    expect(driveDatagrams(wsd, [[0, wsdProbe.replaceAll('discovery', 'eventing')]]).verdict).toBe(Verdict.NO);
  });
});

describe('NAT-PMP and PCP', () => {
  it('read the mapping', () => {
    expect(driveDatagrams(natPmp, exchanges.natPmp).facts.details.get('nat_pmp')).toEqual({
      version: 'pcp',
      operations: ['map'],
      lease_s: 7200,
      ip_protocol: 17,
      internal_port: 4500,
      external_port: 40_500,
      external_address: '203.0.113.5',
    });
  });

  it('believe the older protocol when it is answered, or on its port', () => {
    const asked = fromHex('0000');
    const told = join(0, 0x80, 0, 0, be(33, 4), a('203.0.113.5'));
    expect(driveDatagrams(natPmp, [[0, asked]]).verdict).toBe(Verdict.MORE);
    expect(driveDatagrams(natPmp, [[0, asked]], { clientPort: 1, serverPort: 5351 }).verdict).toBe(Verdict.YES);
    expect(
      driveDatagrams(natPmp, [
        [0, asked],
        [1, told],
      ]).facts.details.get('nat_pmp'),
    ).toMatchObject({ external_address: '203.0.113.5' });
    expect(driveDatagrams(natPmp, [[0, told]]).verdict).toBe(Verdict.NO);
  });
});

describe('RMCP', () => {
  it('reads ASF and IPMI', () => {
    expect(driveDatagrams(rmcp, [[0, asfPing]]).facts.details.get('rmcp')).toEqual({ class: 'asf', messages: ['presence_ping'] });
    expect(driveDatagrams(rmcp, exchanges.rmcp).facts.details.get('rmcp')).toEqual({
      class: 'ipmi',
      version: '1.5',
      auth: 'none',
      messages: ['get_channel_auth_capabilities'],
    });
    const session = join(fromHex('0600ff07 06 10 00000000 00000000 2000'), new Uint8Array(32));
    expect(driveDatagrams(rmcp, [[0, session]]).facts.details.get('rmcp')).toMatchObject({
      version: '2.0',
      messages: ['open_session_request'],
    });
    expect(driveDatagrams(rmcp, [[0, fromHex('06000086')]]).verdict).toBe(Verdict.MORE);
  });
});

describe('XDMCP', () => {
  it('says which display manager is willing', () => {
    const { facts } = driveDatagrams(xdmcp, exchanges.xdmcp);
    expect(facts.details.get('xdmcp')).toEqual({ messages: ['query', 'willing'], host: 'desk', status: 'Willing to manage' });
    expect(driveDatagrams(xdmcp, [[0, exchanges.xdmcp[1][1]]]).verdict).toBe(Verdict.NO);
  });
});

describe('CAPWAP', () => {
  it('reads control messages, sees encryption, believes data on its port', () => {
    expect(driveDatagrams(capwap, [[0, capwapDiscovery]]).facts.details.get('capwap')).toEqual({
      channel: 'control',
      messages: ['discovery_response'],
      controller: 'wlc-1',
    });
    const dtls = join(fromHex('01000000 16 feff 0000 000000000000'), sized(2, new Uint8Array(20)));
    expect(driveDatagrams(capwap, [[0, dtls]]).facts.details.get('capwap')).toEqual({ encrypted: true });
    const data = join(fromHex('0010020000000000'), new Uint8Array(40));
    expect(driveDatagrams(capwap, [[0, data]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(capwap, [[0, data]], { clientPort: 1, serverPort: 5247 }).verdict).toBe(Verdict.YES);
  });
});

describe('PTP', () => {
  it('reads both versions', () => {
    const announce = ptpMessage(11, 5, new Uint8Array(10), be(37, 2), 0, 128, be(0, 4), 128, fromHex('00005efffe0053ff'), be(0, 2), 0x20);
    expect(driveDatagrams(ptp, [[0, announce]]).facts.details.get('ptpv2')).toEqual({
      version: 2,
      domain: 0,
      messages: ['announce'],
      clock: '00005efffe005301',
      grandmaster: '00005efffe0053ff',
    });
    const first = join(
      be(1, 2),
      be(1, 2),
      '_DFLT'.padEnd(16, '\0'),
      1,
      1,
      fromHex('00005e005301'),
      be(1, 2),
      be(0, 2),
      0,
      new Uint8Array(91),
    );
    expect(driveDatagrams(ptp, [[0, first]]).facts.details.get('ptpv2')).toMatchObject({
      version: 1,
      subdomain: '_DFLT',
      messages: ['sync'],
    });
    expect(driveDatagrams(ptp, [[0, announce.with(32, 9)]]).verdict).toBe(Verdict.NO);
  });
});

describe('Dropbox and BACnet', () => {
  it('say which host and device speaks', () => {
    expect(driveDatagrams(dropboxLan, exchanges.dropboxLan).facts.details.get('dropbox_lan')).toEqual({
      host_id: '1234567890123',
      port: 17_500,
      version: '2.0',
    });
    expect(driveDatagrams(bacnet, [[0, bacnetIAm]]).facts.details.get('bacnet')).toEqual({
      functions: ['broadcast'],
      messages: ['unconfirmed_request'],
      services: ['i_am'],
      device: 1234,
    });
    const read = fromHex('810a0011 0104 0005 01 0c 0c 02000001 19 55');
    expect(driveDatagrams(bacnet, [[0, read]]).facts.details.get('bacnet')).toMatchObject({ services: ['read_property'] });
    expect(driveDatagrams(bacnet, [[0, join(bacnetIAm, 0)]]).verdict).toBe(Verdict.NO);
  });
});
