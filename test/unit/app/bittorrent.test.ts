import { describe, expect, it } from 'vitest';
import { bittorrentTcp } from '../../../src/app/bittorrent.ts';
import { bittorrentUdp } from '../../../src/app/bittorrent-udp.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { cutDatagrams, cutStream, noise, readStream } from '../../support/app/dialogue.ts';
import { driveDatagrams, driveStream, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const HASH = noise(20, 2);
const hex = Buffer.from(HASH).toString('hex');
const hello = (peer: string) => join(text('\x13BitTorrent protocol'), new Uint8Array(8), HASH, text(peer), noise(12));

describe('over TCP', () => {
  it('reads the handshake of either side', () => {
    const { verdict, facts } = readStream(bittorrentTcp, [
      [0, hello('-AB1230-')],
      [1, hello('-CD4000-')],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('bittorrent')).toEqual({ transport: 'tcp', info_hash: hex, client: '-AB1230-', server: '-CD4000-' });
    expect(driveStream(bittorrentTcp, [[1, hello('-CD4000-')]]).verdict).toBe(Verdict.YES);
    expect(cutStream(bittorrentTcp, [[0, hello('-AB1230-')]])).toBe(20);
    expect(driveStream(bittorrentTcp, [[0, '\x13BitTorrent protokoll, 1.0']]).verdict).toBe(Verdict.NO);
  });
});

describe('over UDP', () => {
  const query = join(text('d1:ad2:id20:'), noise(20), text('9:info_hash20:'), HASH, text('e1:q9:get_peers1:t2:aa1:v4:UT\x01\x021:y1:qe'));

  it('reads the DHT', () => {
    const { verdict, facts } = driveDatagrams(bittorrentUdp, [[0, query]]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('bittorrent')).toEqual({ transport: 'dht', query: 'get_peers', client: 'UT', info_hash: hex });
    expect(
      driveDatagrams(bittorrentUdp, [[1, join(text('d2:ip6:'), noise(6), text('1:rd2:id20:'), noise(20), text('e1:t2:aa1:y1:re'))]])
        .verdict,
    ).toBe(Verdict.YES);
    expect(cutDatagrams(bittorrentUdp, [[0, query]])).toBe(0);
  });

  it('believes no other bencode, however deep', () => {
    for (const decoy of ['d3:cow3:mooe', 'd1:y1:q1:t2:aae', 'd1:ale1:t1:a1:y1:qee', `d1:a${'l'.repeat(3000)}`, 'd9999999:', 'd1:y1:qe']) {
      expect(driveDatagrams(bittorrentUdp, [[0, decoy]]).verdict).toBe(Verdict.NO);
    }
  });

  it('reads trackers and local discovery', () => {
    const connect = join(u32(0x417), u32(0x27101980), u32(0), noise(4));
    expect(driveDatagrams(bittorrentUdp, [[0, connect]]).facts.details.get('bittorrent')).toEqual({ transport: 'udp_tracker' });
    const search = 'BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n\r\n';
    expect(driveDatagrams(bittorrentUdp, [[0, search]]).facts.details.get('bittorrent')).toEqual({ transport: 'local_discovery' });
    expect(driveDatagrams(bittorrentUdp, [[0, 'M-SEARCH * HTTP/1.1\r\n\r\n']]).verdict).toBe(Verdict.NO);
  });

  const utp = (type: number, id: number, sequence: number, acknowledged: number, body: Uint8Array = new Uint8Array(0)) =>
    join([(type << 4) | 1, 0], u16(id), noise(12, id), u16(sequence), u16(acknowledged), body);

  it('reads uTP when both sides agree', () => {
    const sent: Sent[] = [
      [0, utp(4, 700, 1, 0)],
      [1, utp(2, 700, 9000, 1)],
      [0, utp(0, 701, 2, 9000, hello('-AB1230-'))],
    ];
    const { verdict, facts } = driveDatagrams(bittorrentUdp, sent);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('bittorrent')).toEqual({ transport: 'utp', info_hash: hex });
    expect(driveDatagrams(bittorrentUdp, sent.slice(0, 1)).verdict).toBe(Verdict.MORE);
    expect(driveDatagrams(bittorrentUdp, [sent[0], [1, utp(2, 700, 9000, 5)]]).verdict).not.toBe(Verdict.YES);
    const middle: Sent[] = [
      [0, utp(0, 701, 500, 9000, noise(40))],
      [1, utp(2, 700, 9001, 500)],
      [0, utp(0, 701, 501, 9001, noise(40))],
      [1, utp(2, 700, 9001, 501)],
    ];
    expect(driveDatagrams(bittorrentUdp, middle).verdict).toBe(Verdict.YES);
    expect(
      driveDatagrams(
        bittorrentUdp,
        middle.map(([, bytes]): Sent => [0, bytes]),
      ).verdict,
    ).not.toBe(Verdict.YES);
  });
});
