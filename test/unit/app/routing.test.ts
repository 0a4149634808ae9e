/** Protocols between routers: HSRP, RIP, BFD, LDP, BGP. */
import { describe, expect, it } from 'vitest';
import { bfd } from '../../../src/app/bfd.ts';
import { bgp } from '../../../src/app/bgp.ts';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { hsrp } from '../../../src/app/hsrp.ts';
import { ldpTcp, ldpUdp } from '../../../src/app/ldp.ts';
import { rip } from '../../../src/app/rip.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { bfdControl, hsrpHello, ldpHello, ripResponse } from '../../support/app/datagrams.ts';
import { a } from '../../support/app/dns.ts';
import { driveDatagrams, driveStream, fromHex } from '../../support/app/drive.ts';
import { be, join, refusesDecoys, sized } from '../../support/app/steady.ts';

describe('HSRP', () => {
  it('reads version 1', () => {
    expect(driveDatagrams(hsrp, [[0, hsrpHello]]).facts.details.get('hsrp')).toEqual({
      version: 1,
      operations: ['hello'],
      state: 'active',
      priority: 110,
      group: 7,
      virtual_address: '192.0.2.1',
    });
    for (const wrong of [hsrpHello.with(2, 3), hsrpHello.with(7, 1), hsrpHello.with(8, 0), hsrpHello.with(9, 0xff), join(hsrpHello, 0)]) {
      expect(driveDatagrams(hsrp, [[0, wrong]]).verdict).toBe(Verdict.NO);
    }
  });

  it('reads version 2, also behind the states of an interface', () => {
    const hello = join(
      1,
      40,
      2,
      0,
      6,
      4,
      be(920, 2),
      fromHex('00005e005301'),
      be(90, 4),
      be(3000, 4),
      be(10_000, 4),
      a('192.0.2.1'),
      new Uint8Array(12),
    );
    const driven = driveDatagrams(hsrp, [
      [0, fromHex('020400000001')],
      [0, hello],
    ]);
    expect(driven.facts.details.get('hsrp')).toMatchObject({
      version: 2,
      state: 'active',
      group: 920,
      router: '00:00:5e:00:53:01',
      virtual_address: '192.0.2.1',
    });
    expect(driveDatagrams(hsrp, [[0, fromHex('020400000001')]]).verdict).toBe(Verdict.MORE);
  });
});

describe('RIP', () => {
  it('reads routes of versions 1, 2 and of IPv6', () => {
    expect(driveDatagrams(rip, [[0, ripResponse]]).facts.details.get('rip')).toEqual({
      version: 'v2',
      commands: ['response'],
      routes: ['198.51.100.0'],
    });
    const ask = join(1, 1, 0, 0, new Uint8Array(16), be(16, 4));
    expect(driveDatagrams(rip, [[0, ask]]).facts.details.get('rip')).toEqual({ version: 'v1', commands: ['request'] });
    const next = join(2, 1, 0, 0, fromHex('20010db8'), new Uint8Array(12), be(0, 2), 32, 1);
    expect(driveDatagrams(rip, [[0, next]]).facts.details.get('rip')).toEqual({
      version: 'ng',
      commands: ['response'],
      routes: ['2001:db8::/32'],
    });
  });

  it('tells a password in clear, and refuses odd masks and metrics', () => {
    const password = join(ripResponse.subarray(0, 4), be(0xffff, 2), be(2, 2), 'hunter2'.padEnd(16, '\0'), ripResponse.subarray(4));
    expect([...driveDatagrams(rip, [[0, password]]).facts.risks]).toEqual(['cleartext_credentials']);
    expect(driveDatagrams(rip, [[0, ripResponse.with(14, 0x0f)]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(rip, [[0, ripResponse.with(23, 17)]]).verdict).toBe(Verdict.NO);
  });
});

describe('BFD', () => {
  it('reads control packets', () => {
    expect(driveDatagrams(bfd, [[0, bfdControl]]).facts.details.get('bfd')).toEqual({
      version: 1,
      state: 'up',
      diagnostic: 0,
      detect_multiplier: 3,
      discriminator: '00000001',
      min_tx_us: 1_000_000,
    });
    for (const wrong of [
      bfdControl.with(3, 25),
      bfdControl.with(2, 0),
      bfdControl.with(1, 0xf0),
      bfdControl.with(12, 0xff),
      bfdControl.with(7, 0),
    ]) {
      expect(driveDatagrams(bfd, [[0, wrong]]).verdict).toBe(Verdict.NO);
    }
    const secret = join(bfdControl.with(1, 0xc4).with(3, 24 + 9), 1, 9, 1, 'secret');
    expect([...driveDatagrams(bfd, [[0, secret]]).facts.risks]).toEqual(['cleartext_credentials']);
  });
});

describe('LDP', () => {
  const pdu = (router: string, ...messages: Uint8Array[]) => join(be(1, 2), sized(2, a(router), be(0, 2), ...messages));
  const message = (type: number, ...body: Parameters<typeof join>) => join(be(type, 2), sized(2, be(1, 4), ...body));

  it('reads hellos', () => {
    expect(driveDatagrams(ldpUdp, [[0, ldpHello]]).facts.details.get('ldp')).toEqual({
      messages: ['hello'],
      hold_time: 15,
      targeted: false,
      transport_address: '192.0.2.3',
      router: '192.0.2.3',
    });
  });

  it('reads sessions', () => {
    const session = join(be(0x0500, 2), sized(2, be(1, 2), be(180, 2), new Uint8Array(10)));
    const driven = drivenWell(ldpTcp, [
      [0, pdu('192.0.2.3', message(0x0200, session))],
      [1, pdu('192.0.2.4', message(0x0200, session), message(0x0201))],
    ]);
    expect(driven.facts.details.get('ldp')).toEqual({
      messages: ['initialization', 'keepalive'],
      keepalive_s: 180,
      router: '192.0.2.3',
      peer: '192.0.2.4',
    });
    refusesDecoys(ldpTcp);
  });
});

describe('BGP', () => {
  const marker = new Uint8Array(16).fill(0xff);
  const message = (type: number, ...body: Parameters<typeof join>) => {
    const rest = join(type, ...body);
    return join(marker, be(18 + rest.length, 2), rest);
  };
  const open = (as: number, id: string) => {
    const capabilities = join(2, sized(1, 1, 4, be(1, 2), 0, 1, 65, 4, be(as, 4)));
    return message(1, 4, be(Math.min(as, 23_456), 2), be(90, 2), a(id), sized(1, capabilities));
  };

  it('says who peers with whom', () => {
    const dialogue = [
      [0, open(4_200_000_001, '192.0.2.1')],
      [1, join(open(65_001, '192.0.2.2'), message(4))],
      [0, message(2, be(0, 4))],
    ] as const;
    const driven = drivenWell(bgp, dialogue);
    expect(driven.facts.details.get('bgp')).toMatchObject({
      messages: expect.arrayContaining(['open', 'keepalive', 'update']) as string[],
      version: 4,
      client_as: 4_200_000_001,
      client_id: '192.0.2.1',
      client_hold_time: 90,
      client_capabilities: [1, 65],
      server_as: 65_001,
      updates: 1,
    });
  });

  it('reads why a peering ends', () => {
    const { facts } = driveStream(bgp, [[1, message(3, 6, 2, sized(1, 'maintenance'))]]);
    expect(facts.details.get('bgp')).toMatchObject({ error: 'cease', error_subcode: 2, reason: 'maintenance' });
    expect([...facts.risks]).toEqual(['error_code_detected']);
  });

  it('is not another protocol', () => {
    refusesDecoys(bgp);
    expect(driveStream(bgp, [[0, join(marker, be(19, 2), 9)]]).verdict).toBe(Verdict.NO);
    expect(driveStream(bgp, [[0, join(marker, be(20, 2), 4, 0)]]).verdict).toBe(Verdict.NO);
    expect(driveStream(bgp, [[0, join(message(4), 'GET / HTTP/1.1')]]).progress).toBe(Progress.BROKEN);
  });
});
