import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { rtsp } from '../../../src/app/rtsp.ts';
import { cutStream, readStream } from '../../support/app/dialogue.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';

const body = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n';
const dialogue: Sent[] = [
  [0, 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Player/3\r\n\r\n'],
  [1, 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Camera/1\r\n\r\n'],
  [0, 'DESCRIBE rtsp://bob:secret@cam.example/1 RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Basic Ym9iOnNlY3JldA==\r\n\r\n'],
  [1, `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
  [0, 'SETUP rtsp://cam.example/1/a RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n'],
  [1, '$\x00\x00\x04abcdRTSP/1.0 200 OK\r\nCSeq: 3\r\nTransport: RTP/AVP;source=192.0.2.7;server_port=6970-6971\r\n\r\n'],
];

it('reads a session', () => {
  const { verdict, facts, confirmed } = readStream(rtsp, dialogue);
  expect(verdict).toBe(Verdict.YES);
  expect(confirmed).toBe(true);
  expect(facts.details.get('rtsp')).toEqual({
    methods: ['OPTIONS', 'DESCRIBE', 'SETUP'],
    user_agent: 'Player/3',
    version: '1.0',
    status: 200,
    server: 'Camera/1',
    url: 'rtsp://cam.example/1',
    media: ['video H264'],
    transport: 'RTP/AVP;unicast;client_port=5000-5001',
  });
  expect([...facts.risks]).toEqual(['cleartext_credentials']);
  expect(facts.expected).toEqual([
    { address: '192.0.2.7', port: 6970, protocol: 'rtp' },
    { address: '192.0.2.7', port: 6971, protocol: 'rtcp' },
  ]);
  expect(cutStream(rtsp, dialogue.slice(0, 2))).toBe('OPTIONS * RTSP/'.length);
});

it('is no HTTP and no SIP', () => {
  for (const decoy of [
    'OPTIONS * HTTP/1.1\r\n\r\n',
    'OPTIONS sip:a@b SIP/2.0\r\n\r\n',
    'DESCRIBE http://x/ RTSP/1.0\r\n',
    'RTSP/1.0 200 OK\r\n',
  ]) {
    expect(driveStream(rtsp, [[0, decoy]]).verdict).toBe(Verdict.NO);
  }
  expect(driveStream(rtsp, [[1, 'RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n']]).verdict).toBe(Verdict.YES);
});
