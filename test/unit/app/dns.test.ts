/** DNS over UDP and TCP: recognition, facts, transactions, risks. */
import { describe, expect, it } from 'vitest';
import { type DatagramSession, Progress, type SessionContext, type Side, Verdict } from '../../../src/app/dissector.ts';
import { dnsTcp, dnsUdp } from '../../../src/app/dns.ts';
import { AppFacts } from '../../../src/app/facts.ts';
import type { DnsTransaction, Transaction } from '../../../src/app/transactions.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { ANSWER, a, dnsMessage, dnsName, edns, FIRST_NAME, prefixed, QUERY } from '../../support/app/dns.ts';
import { driveDatagrams, driveStream, fromHex } from '../../support/app/drive.ts';
import { be, join, refusesDecoys, steadyDatagrams } from '../../support/app/steady.ts';

/** A session with a clock that the test moves. */
function opened() {
  const facts = new AppFacts();
  const log: DnsTransaction[] = [];
  const clock = { nowNs: 0 };
  const context: SessionContext = {
    clientPort: 40_000,
    serverPort: 53,
    facts,
    epochSecs: 0,
    get nowNs() {
      return clock.nowNs;
    },
    wantsTransactions: true,
    wantsQuestions: false,
    question: () => {},
    transaction: (entry: Transaction) => {
      log.push(entry as DnsTransaction);
    },
  };
  const session: DatagramSession = dnsUdp.open(context);
  const say = (side: Side, bytes: Uint8Array, nowNs = clock.nowNs) => {
    clock.nowNs = nowNs;
    return session.advance({ side, bytes });
  };
  return { facts, log, session, say };
}

function risksOf(query: string, type = 1): string[] {
  const { facts, say } = opened();
  say(0, dnsMessage({ questions: [[query, type]] }));
  return [...facts.risks];
}

describe('dns over UDP', () => {
  it('is recognised from a query and its answer, and goes on', () => {
    const driven = steadyDatagrams(dnsUdp, [
      [0, QUERY],
      [1, ANSWER],
    ]);
    expect(driven).toMatchObject({ verdict: Verdict.YES, confirmed: true, progress: Progress.MORE });
    expect(driven.facts.dns).toEqual({
      query: 'www.example.org',
      type: 'A',
      rcode: 'NOERROR',
      answers: [
        { name: 'www.example.org', type: 'CNAME', ttl: 300, data: 'web.example.net' },
        { name: 'web.example.net', type: 'A', ttl: 60, data: '192.0.2.7' },
      ],
      queries: 1,
      responses: 1,
    });
    expect(driven.facts.host).toBe('www.example.org');
    expect(driven.facts.learned).toEqual([{ address: '192.0.2.7', name: 'www.example.org', ttl: 60 }]);
    expect([...driven.facts.risks]).toEqual([]);
  });

  it('is recognised from the answer alone, and from neither side in the wrong place', () => {
    expect(driveDatagrams(dnsUdp, [[1, ANSWER]]).facts.dns).toMatchObject({ query: 'www.example.org', queries: 0, responses: 1 });
    expect(driveDatagrams(dnsUdp, [[0, ANSWER]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(dnsUdp, [[1, QUERY]]).verdict).toBe(Verdict.NO);
  });

  it('waits for a datagram that is DNS where DNS is usual', () => {
    const ports = { clientPort: 40_000, serverPort: 53 };
    expect(
      driveDatagrams(
        dnsUdp,
        [
          [0, 'rubbish'],
          [0, QUERY],
        ],
        ports,
      ).verdict,
    ).toBe(Verdict.YES);
    expect(
      driveDatagrams(dnsUdp, [
        [0, 'rubbish'],
        [0, QUERY],
      ]).verdict,
    ).toBe(Verdict.NO);
  });

  it('learns only addresses of the question and of its chain', () => {
    const { facts } = driveDatagrams(dnsUdp, [
      [
        1,
        dnsMessage({
          flags: 0x8180,
          questions: [['a.example', 28]],
          answers: [
            ['c.example', 28, 9, new Uint8Array(16).fill(1)],
            ['b.example', 5, 9, dnsName('c.example')],
            ['A.example', 5, 9, dnsName('b.example')],
            ['evil.example', 1, 9, a('203.0.113.66')],
          ],
        }),
      ],
    ]);
    expect(facts.learned).toEqual([{ address: '101:101:101:101:101:101:101:101', name: 'a.example', ttl: 9 }]);
  });
});

describe('dns transactions', () => {
  it('pairs answers by id and question, measures, and logs what stays unanswered', () => {
    const { log, say, session } = opened();
    say(0, dnsMessage({ id: 1, questions: [['one.example', 1]] }), 1_000_000);
    say(0, dnsMessage({ id: 2, questions: [['two.example', 28]], additional: [edns(1232, 0x8000)] }), 2_000_000);
    say(1, dnsMessage({ id: 2, flags: 0x8583, questions: [['TWO.example', 28]], additional: [edns(4096)] }), 7_500_000);
    say(1, dnsMessage({ id: 1, flags: 0x8180, questions: [['other.example', 1]] }), 8_000_000);
    expect(log).toHaveLength(2);
    expect(log[0]).toMatchObject({
      id: 2,
      flags: ['qr', 'aa', 'rd', 'ra'],
      opcode: 'QUERY',
      rcode: 'NXDOMAIN',
      query: 'two.example',
      qtype: 'AAAA',
      qclass: 'IN',
      edns: { udp_size: 1232, version: 0, do: true, client_subnet: null },
      rtt_ms: 5.5,
    });
    expect(log[1]).toMatchObject({ query: 'other.example', rtt_ms: null, rcode: 'NOERROR' });
    session.finish?.();
    expect(log[2]).toMatchObject({ id: 1, query: 'one.example', rcode: null, rtt_ms: null, flags: ['rd'] });
    session.finish?.();
    expect(log).toHaveLength(3);
  });

  it('bounds the queries that wait', () => {
    const { log, say } = opened();
    for (let id = 0; id < 100; id++) say(0, dnsMessage({ id, questions: [['a.example', 1]] }));
    expect(log.map((entry) => entry.id)).toEqual(Array.from({ length: 36 }, (_, id) => id));
  });

  it('makes none when nobody reads them', () => {
    const facts = new AppFacts();
    const context = {
      clientPort: 1,
      serverPort: 53,
      facts,
      nowNs: 0,
      epochSecs: 0,
      wantsTransactions: false,
      wantsQuestions: false,
      question: () => {},
      transaction: () => expect.unreachable(),
    };
    const session = dnsUdp.open(context);
    session.advance({ side: 0, bytes: QUERY });
    session.advance({ side: 1, bytes: ANSWER });
    session.finish?.();
    expect(facts.dns?.answers).toHaveLength(2);
  });
});

describe('dns risks', () => {
  it('names errors, large answers without EDNS, broken messages', () => {
    const { facts, say } = opened();
    say(1, dnsMessage({ flags: 0x8182, questions: [['a.example', 1]] }));
    expect([...facts.risks]).toEqual(['error_code_detected']);
    const texts = join(255, 'x'.repeat(255), 255, 'y'.repeat(255));
    say(1, dnsMessage({ flags: 0x8180, questions: [['a.example', 16]], answers: [[FIRST_NAME, 16, 1, texts]], additional: [edns(4096)] }));
    expect([...facts.risks]).toEqual(['error_code_detected']);
    say(1, dnsMessage({ flags: 0x8180, questions: [['a.example', 16]], answers: [[FIRST_NAME, 16, 1, texts]] }));
    expect([...facts.risks]).toEqual(['error_code_detected', 'dns_large_packet']);
    say(1, ANSWER.subarray(0, 60));
    expect(facts.risks).toContain('malformed_packet');
  });

  it('names odd characters, punycode, obsolete types, cargo and lots', () => {
    expect(risksOf('www.example.org')).toEqual([]);
    expect(risksOf('_sip._tcp.example.org', 33)).toEqual([]);
    expect(risksOf('a\u0001b.example.org')).toEqual(['invalid_characters']);
    expect(risksOf('*.example.org')).toEqual(['invalid_characters']);
    expect(risksOf('www.xn--mnchen-3ya.example')).toEqual(['punycode_idn']);
    expect(risksOf('example.org', 10)).toEqual(['dns_suspicious_traffic']);
    expect(risksOf('kq2x8v0wz7jh4m1p9t3b6n5ca.r8d1f4s7g0y3l6q9w2z5x8v1.t.example.org')).toEqual(['dns_suspicious_traffic']);
    expect(risksOf('0ejzht6i36wpdwk.com')).toEqual(['suspicious_dga_domain']);
  });
});

describe('dns over TCP', () => {
  const dialogue = [
    [0, prefixed(QUERY)],
    [1, prefixed(ANSWER)],
    [0, prefixed(dnsMessage({ id: 7, questions: [['example.org', 252]] }))],
    [
      1,
      prefixed(
        dnsMessage({
          id: 7,
          flags: 0x8400,
          questions: [['example.org', 252]],
          answers: [['example.org', 2, 5, dnsName('ns.example.org')]],
        }),
      ),
    ],
  ] as const;

  it('reads several messages of each side', () => {
    const driven = drivenWell(dnsTcp, dialogue);
    expect(driven.progress).toBe(Progress.DONE);
    expect(driven.facts.dns).toMatchObject({ query: 'www.example.org', rcode: 'NOERROR', queries: 2, responses: 2 });
    expect(driven.transactions.map((entry) => entry.log === 'dns' && entry.qtype)).toEqual(['A', 'AXFR']);
    expect([...driven.facts.risks]).toEqual([]);
  });

  it('is recognised from one side, also when the first message is longer than the probe looks', () => {
    const long = dnsMessage({ questions: [[`${'a'.repeat(60)}.${'b'.repeat(60)}.example.org`, 16]] });
    expect(driveStream(dnsTcp, [[0, prefixed(long)]], 8).verdict).toBe(Verdict.YES);
    expect(driveStream(dnsTcp, [[1, prefixed(ANSWER)]]).verdict).toBe(Verdict.YES);
  });

  it('is not another protocol', () => {
    refusesDecoys({ ...dnsTcp, probe: (heads, ports) => (heads[0].bytes[1] === 0x1d ? Verdict.NO : dnsTcp.probe(heads, ports)) });
    expect(driveStream(dnsTcp, [[0, fromHex('43b0 0200')]]).verdict).toBe(Verdict.NO);
    expect(driveStream(dnsTcp, [[0, join(be(40, 2), be(1, 2), be(0x0100, 2), be(1, 2), be(3, 2))]]).verdict).toBe(Verdict.NO);
  });
});
