import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { sipTcp, sipUdp } from '../../../src/app/sip.ts';
import { cutStream, readStream } from '../../support/app/dialogue.ts';
import { driveDatagrams, driveStream, type Sent } from '../../support/app/drive.ts';

const sdp = [
  'v=0',
  'o=a 1 1 IN IP4 192.0.2.9',
  'c=IN IP4 192.0.2.9',
  'm=audio 30000 RTP/AVP 0 8',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'm=video 0 RTP/AVP 96',
  'm=video 30010 RTP/SAVPF 96',
  'c=IN IP6 2001:db8::9',
  'a=rtcp:30020',
  '',
].join('\r\n');
const invite = (extra = `Content-Length: ${sdp.length}\r\n`) =>
  `INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n` +
  `Call-ID: abc@192.0.2.9\r\nUser-Agent: Phone/1\r\nContent-Type: application/sdp\r\n${extra}\r\n${sdp}`;
const ok = 'SIP/2.0 200 OK\r\nCall-ID: abc@192.0.2.9\r\nServer: Proxy/2\r\nContent-Length: 0\r\n\r\n';
const facts = {
  methods: ['INVITE'],
  method: 'INVITE',
  uri: 'sip:bob@example.com',
  from: '<sip:alice@example.com>;tag=1',
  to: '<sip:bob@example.com>',
  call_id: 'abc@192.0.2.9',
  user_agent: 'Phone/1',
  server: 'Proxy/2',
  status: 200,
  reason: 'OK',
  media: ['audio 192.0.2.9:30000 PCMU,PCMA', 'video 192.0.2.9:0', 'video 2001:db8::9:30010'],
};
const expected = [
  { address: '192.0.2.9', port: 30_000, protocol: 'rtp' },
  { address: '192.0.2.9', port: 30_001, protocol: 'rtcp' },
  { address: '2001:db8::9', port: 30_010, protocol: 'rtp' },
  { address: '2001:db8::9', port: 30_020, protocol: 'rtcp' },
];

describe('over UDP', () => {
  it('reads a call and the media that it announces', () => {
    for (const request of [invite(), invite('')]) {
      const driven = driveDatagrams(sipUdp, [
        [0, '\r\n\r\n'],
        [0, request],
        [0, request],
        [1, 'SIP/2.0 100 Trying\r\n\r\n'],
        [1, ok],
      ]);
      expect(driven.verdict).toBe(Verdict.YES);
      expect(driven.confirmed).toBe(true);
      expect(driven.facts.details.get('sip')).toEqual(facts);
      expect(driven.facts.expected).toEqual(expected);
    }
  });

  it('reads compact names and who signs in', () => {
    const register =
      'REGISTER sip:example.com SIP/2.0\r\nf: <sip:a@example.com>\r\ni: 77\r\n' +
      'Authorization: Digest username="alice",realm="x",response="00"\r\nl: 0\r\n\r\n';
    const { facts: read } = driveDatagrams(sipUdp, [[0, register]]);
    expect(read.details.get('sip')).toMatchObject({ from: '<sip:a@example.com>', call_id: '77', user: 'alice' });
    expect(read.risks.size).toBe(0);
    const basic = register.replace(/Digest.*"00"/, 'Basic YTpi');
    expect([...driveDatagrams(sipUdp, [[0, basic]]).facts.risks]).toEqual(['cleartext_credentials']);
  });

  it('is nothing else', () => {
    for (const decoy of [
      'OPTIONS * HTTP/1.1\r\n',
      'NOTIFY * HTTP/1.1\r\n',
      'INVITE bob SIP/2.0\r\n',
      'SIP/2.0 OK\r\n',
      'SIP/3.0 200 OK\r\n',
    ]) {
      expect(driveDatagrams(sipUdp, [[0, decoy]]).verdict).toBe(Verdict.NO);
    }
    for (let end = 0; end < 60; end++) driveDatagrams(sipUdp, [[0, invite().slice(0, end)]]);
  });
});

describe('over TCP', () => {
  it('reads messages one behind the other', () => {
    const dialogue: Sent[] = [
      [0, `\r\n${invite()}`],
      [1, `${ok}${ok}`],
    ];
    const driven = readStream(sipTcp, dialogue);
    expect(driven.verdict).toBe(Verdict.YES);
    expect(driven.facts.details.get('sip')).toEqual(facts);
    expect(driven.facts.expected).toEqual(expected);
    expect(cutStream(sipTcp, dialogue)).toBe('\r\nINVITE sip:'.length);
    expect(driveStream(sipTcp, [[0, 'INVITE http://x SIP/2.0\r\n']]).verdict).toBe(Verdict.NO);
  });
});
