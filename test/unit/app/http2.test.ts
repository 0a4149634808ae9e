import { describe, expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { decodeHuffman, HpackDecoder } from '../../../src/app/hpack.ts';
import { http2 } from '../../../src/app/http2.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, H2_PREFACE, h2Frame, joined } from '../../support/app/dialogues.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';

const literal = (name: string, value: string) => joined(Uint8Array.of(0, name.length), name, Uint8Array.of(value.length), value);
const SETTINGS = h2Frame(4, 0, 0, new Uint8Array(0));

describe('HPACK', () => {
  test('the requests of RFC 7541 C.4 with their dynamic table', () => {
    const decoder = new HpackDecoder();
    const decode = (hex: string) => Object.fromEntries(decoder.decode(fromHex(hex)).fields);
    expect(decode('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).toEqual({
      ':method': 'GET',
      ':scheme': 'http',
      ':path': '/',
      ':authority': 'www.example.com',
    });
    expect(decode('8286 84be 5886 a8eb 1064 9cbf')).toMatchObject({ ':authority': 'www.example.com', 'cache-control': 'no-cache' });
    expect(decode('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).toMatchObject({
      ':path': '/index.html',
      'custom-key': 'custom-value',
    });
  });

  test('what is not valid', () => {
    const bad = (hex: string) => new HpackDecoder().decode(fromHex(hex)).ok;
    expect(bad('80')).toBe(false);
    expect(bad('ff80808080808001')).toBe(false);
    expect(bad('be')).toBe(false);
    expect(bad('0085ff')).toBe(false);
    expect(decodeHuffman(fromHex('00'))).toBeNull();
    expect(decodeHuffman(fromHex('ffffffff'))).toBeNull();
  });
});

describe('HTTP/2', () => {
  test('facts of the first exchange', () => {
    const { facts, transactions } = drivenWell(http2, dialogues.http2);
    expect(facts.http).toMatchObject({ version: '2', method: 'GET', host: 'www.example.com', url: '/', status: 302, requests: 1 });
    expect(facts.host).toBe('www.example.com');
    expect(transactions).toMatchObject([{ method: 'GET', url: '/', status: 302 }]);
  });

  test('padding, priority and continuation', () => {
    const block = joined(fromHex('8286'), literal(':path', '/long'));
    const head = joined(Uint8Array.of(2), fromHex('0000000010'), block.subarray(0, 3), fromHex('0000'));
    const { facts } = drivenWell(http2, [
      [
        0,
        joined(H2_PREFACE, SETTINGS, h2Frame(1, 0x28, 1, head), h2Frame(9, 4, 1, block.subarray(3)), h2Frame(0, 1, 1, new Uint8Array(40))),
      ],
    ]);
    expect(facts.http?.url).toBe('/long');
  });

  test('gRPC is labelled as such', () => {
    const { facts } = drivenWell(http2, [
      [
        0,
        joined(
          H2_PREFACE,
          SETTINGS,
          h2Frame(
            1,
            4,
            1,
            joined(fromHex('8386'), literal(':path', '/weir.Flows/List'), literal('content-type', 'application/grpc+proto')),
          ),
        ),
      ],
      [1, joined(SETTINGS, h2Frame(1, 4, 1, joined(fromHex('88'), literal('content-type', 'application/grpc'))))],
    ]);
    expect(facts.details.get('grpc')).toEqual({ content_type: 'application/grpc+proto', method: '/weir.Flows/List' });
    const session = http2.open({
      clientPort: 1,
      serverPort: 2,
      facts,
      nowNs: 0,
      epochSecs: 0,
      wantsTransactions: false,
      wantsQuestions: false,
      question: () => {},
      transaction: () => undefined,
    }) as ReturnType<typeof http2.open> & { label?: string };
    const bytes = joined(H2_PREFACE, SETTINGS, h2Frame(1, 4, 1, joined(fromHex('8386'), literal('content-type', 'application/grpc'))));
    session.advance([
      { bytes, length: bytes.length, complete: true },
      { bytes: new Uint8Array(0), length: 0, complete: true },
    ]);
    expect(session.label).toBe('grpc');
  });

  test('the preface alone must be followed by SETTINGS', () => {
    expect(driveStream(http2, [[0, joined(H2_PREFACE, h2Frame(6, 0, 0, new Uint8Array(8)))]]).verdict).toBe(Verdict.NO);
    expect(driveStream(http2, [[1, joined(SETTINGS, SETTINGS)]]).verdict).not.toBe(Verdict.YES);
  });
});
