import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { dnp3Tcp, dnp3Udp } from '../../../src/app/dnp3.ts';
import { ethernetIpTcp, ethernetIpUdp } from '../../../src/app/ethernet-ip.ts';
import { iec60870 } from '../../../src/app/iec60870.ts';
import { modbus } from '../../../src/app/modbus.ts';
import { opcUa } from '../../../src/app/opc-ua.ts';
import { s7comm } from '../../../src/app/s7comm.ts';
import { driveDatagrams, driveStream } from '../../support/app/drive.ts';
import { be, join, le, refuses, refusesDecoys, sized, steadyDatagrams, steadyStream } from '../../support/app/steady.ts';

const mbap = (transaction: number, unit: number, ...pdu: Parameters<typeof join>) =>
  join(be(transaction, 2), be(0, 2), sized(2, unit, ...pdu));
const readRegisters = (transaction: number) => mbap(transaction, 1, 3, be(100, 2), be(2, 2));

test('Modbus: units, functions and exceptions', () => {
  const run = steadyStream(modbus, [
    [0, readRegisters(1)],
    [1, mbap(1, 1, 3, 4, be(1, 4))],
    [0, mbap(2, 1, 16, be(1, 2), be(1, 2), 2, be(7, 2))],
    [1, mbap(2, 1, 0x90, 2)],
  ]);
  expect(run.facts.detail('modbus')).toEqual({
    units: [1],
    functions: ['read_holding_registers', 'write_multiple_registers'],
    exceptions: ['write_multiple_registers 2'],
  });
  expect(run.confirmed).toBe(true);
});

test('Modbus: requests without answers must be nothing but requests', () => {
  const verdictOf = (...requests: Uint8Array[]) => driveStream(modbus, [[0, join(...requests)]]).verdict;
  expect(verdictOf(readRegisters(1))).toBe(Verdict.YES);
  expect(verdictOf(readRegisters(1), new Uint8Array(3))).toBe(Verdict.NO);
  expect(verdictOf(mbap(1, 1, 3, be(1, 2), be(9999, 2)))).toBe(Verdict.NO);
  refuses(modbus, [0, readRegisters(1)], [1, mbap(1, 9, 3, 4, be(1, 4))]);
  refuses(modbus, [0, readRegisters(1)], [1, mbap(1, 1, 4, 4, be(1, 4))]);
  refuses(modbus, [0, readRegisters(1)], [1, mbap(1, 1, 3, 9, be(1, 4))]);
});

/** The check value of the catalogues for CRC-16/DNP over "123456789" is 0xEA82; here the plain bitwise form of the polynomial 0x3D65. */
function dnpCrc(bytes: Uint8Array): Uint8Array {
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const top = ((crc >> 15) ^ (byte >> bit)) & 1;
      crc = ((crc << 1) & 0xffff) ^ (top === 1 ? 0x3d65 : 0);
    }
  }
  let reflected = 0;
  for (let bit = 0; bit < 16; bit++) reflected |= ((crc >> bit) & 1) << (15 - bit);
  return le(~reflected & 0xffff, 2);
}

test('the checksum of the tests is the one of the catalogues', () => {
  expect([...dnpCrc(join('123456789'))]).toEqual([0x82, 0xea]);
});

function dnp3Frame(control: number, destination: number, source: number, user: Uint8Array): Uint8Array {
  const head = join(0x05, 0x64, 5 + user.length, control, le(destination, 2), le(source, 2));
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < user.length; at += 16) {
    const block = user.subarray(at, at + 16);
    blocks.push(block, dnpCrc(block));
  }
  return join(head, dnpCrc(head), ...blocks);
}
const dnp3Read = dnp3Frame(0xc4, 10, 1, join(0xc0, 0xc1, 1, [60, 2, 6, 60, 3, 6, 60, 4, 6, 60, 1, 6, 1, 2, 6, 30]));
const dnp3Response = dnp3Frame(0x44, 1, 10, join(0xc0, 0xc1, 129, 0, 0));

test('DNP3: stations and functions, over TCP and UDP', () => {
  const facts = { master: 1, outstation: 10, functions: ['read', 'response'] };
  const run = steadyStream(dnp3Tcp, [
    [0, dnp3Read],
    [1, dnp3Response],
  ]);
  expect(run.facts.detail('dnp3')).toEqual(facts);
  const udp = steadyDatagrams(dnp3Udp, [
    [0, dnp3Read],
    [1, dnp3Response],
  ]);
  expect(udp.facts.detail('dnp3')).toEqual(facts);
  refuses(dnp3Tcp, [0, dnp3Read.with(8, dnp3Read[8] ^ 1)]);
  expect(driveDatagrams(dnp3Udp, [[0, dnp3Read.with(4, 11)]]).verdict).toBe(Verdict.NO);
});

const tpkt = (...parts: Parameters<typeof join>) => {
  const body = join(...parts);
  return join(3, 0, be(body.length + 4, 2), body);
};
const cotpSetup = (code: number) => tpkt(17, code, be(0, 2), be(1, 2), 0, [0xc1, 2, 1, 0, 0xc2, 2, 1, 2, 0xc0, 1, 10]);
const s7Job = (code: number) => tpkt(2, 0xf0, 0x80, 0x32, 1, be(0, 2), be(5, 2), be(2, 2), be(0, 2), code, 1);
const s7Answer = (code: number) => tpkt(2, 0xf0, 0x80, 0x32, 3, be(0, 2), be(5, 2), be(2, 2), be(4, 2), be(0, 2), code, 1, 'data');

test('S7: rack, slot and functions', () => {
  const run = steadyStream(s7comm, [
    [0, cotpSetup(0xe0)],
    [1, cotpSetup(0xd0)],
    [0, s7Job(0xf0)],
    [1, s7Answer(0xf0)],
    [0, s7Job(0x29)],
  ]);
  expect(run.facts.detail('s7comm')).toEqual({
    calling_tsap: '0100',
    called_tsap: '0102',
    rack: 0,
    slot: 2,
    functions: ['setup_communication', 'plc_stop'],
  });
  refuses(s7comm, [0, cotpSetup(0xe0)]);
  refuses(s7comm, [0, s7Job(4).with(14, 9)]);
});

test('S7 plus has its own label', () => {
  const plus = tpkt(2, 0xf0, 0x80, 0x72, 1, be(6, 2), 0x31, 0, 0, 4, 0xca, 0, [0x72, 1, 0, 0]);
  const run = steadyStream(s7comm, [[0, plus]]);
  expect(run.facts.detail('s7comm')).toEqual({ version: 1, functions: ['request'] });
  const { facts } = run;
  const session = s7comm.open({
    facts,
    clientPort: 1,
    serverPort: 9,
    nowNs: 0,
    epochSecs: 0,
    wantsTransactions: false,
    wantsQuestions: false,
    question: () => {},
    transaction: () => {},
  });
  const empty = { bytes: new Uint8Array(0), length: 0, complete: true };
  session.advance([{ bytes: plus, length: plus.length, complete: true }, empty]);
  expect((session as typeof session & { label: string }).label).toBe('s7comm_plus');
});

const encapsulation = (command: number, sessionId: number, body: Uint8Array) =>
  join(le(command, 2), le(body.length, 2), le(sessionId, 4), le(0, 4), 'context!', le(0, 4), body);
const identity = join(
  le(1, 2),
  new Uint8Array(16),
  le(1, 2),
  le(14, 2),
  le(54, 2),
  20,
  11,
  le(0x60, 2),
  le(0x12345678, 4),
  sized(1, '1756-L61'),
  3,
);

test('EtherNet/IP: session over TCP, identity over UDP', () => {
  const run = steadyStream(ethernetIpTcp, [
    [0, encapsulation(0x65, 0, join(le(1, 2), le(0, 2)))],
    [1, encapsulation(0x65, 7, join(le(1, 2), le(0, 2)))],
    [0, encapsulation(0x6f, 7, join(le(0, 4), le(10, 2), le(2, 2), le(0, 4), le(0xb2, 2), le(2, 2), 0x0e, 0))],
  ]);
  expect(run.facts.detail('ethernet_ip')).toEqual({ commands: ['register_session', 'send_rr_data'] });
  const udp = steadyDatagrams(ethernetIpUdp, [
    [0, encapsulation(0x63, 0, new Uint8Array(0))],
    [1, encapsulation(0x63, 0, join(le(1, 2), le(0x0c, 2), le(identity.length, 2), identity))],
  ]);
  expect(udp.facts.detail('ethernet_ip')).toMatchObject({ vendor: 1, product_code: 54, revision: '20.11', product: '1756-L61' });
  refuses(ethernetIpTcp, [0, encapsulation(0x65, 0, join(le(2, 2), le(0, 2)))]);
  expect(driveDatagrams(ethernetIpUdp, [[0, join(encapsulation(0x63, 0, new Uint8Array(0)), 0)]]).verdict).toBe(Verdict.NO);
});

const uaText = (text: string) => join(le(text.length, 4), text);
const ua = (type: string, ...parts: Parameters<typeof join>) => {
  const body = join(...parts);
  return join(type, le(body.length + 8, 4), body);
};
const hello = ua('HELF', le(0, 4), le(65_536, 4), le(65_536, 4), le(0, 8), uaText('opc.tcp://plc.example.org:4840/server'));

test('OPC UA: endpoint and security policy', () => {
  const run = steadyStream(opcUa, [
    [0, hello],
    [1, ua('ACKF', le(0, 4), le(65_536, 4), le(65_536, 4), le(0, 8))],
    [0, ua('OPNF', le(0, 4), uaText('http://opcfoundation.org/UA/SecurityPolicy#None'), le(0xffffffff, 8))],
  ]);
  expect(run.facts.detail('opc_ua')).toEqual({ version: 0, endpoint: 'opc.tcp://plc.example.org:4840/server', security_policy: 'None' });
  expect(run.facts.host).toBe('plc.example.org');
  refuses(opcUa, [1, hello]);
  refuses(opcUa, [0, hello.with(4, 1)]);
});

const U = (code: number) => join(0x68, 4, code, 0, 0, 0);
const information = join(0x68, 14, 0, 0, 0, 0, 100, 1, 6, 0, 5, 0, 0, 0, 0, 20);

test('IEC 104: types and control', () => {
  const run = steadyStream(iec60870, [
    [0, U(0x07)],
    [1, U(0x0b)],
    [0, information],
  ]);
  expect(run.facts.detail('iec60870')).toEqual({ control: ['startdt_act', 'startdt_con'], types: [100], common_address: 5 });
  refuses(iec60870, [0, U(0x07)]);
  refuses(iec60870, [0, U(0x07)], [1, U(0x0b).with(3, 1)]);
  refuses(iec60870, [0, information.with(6, 0)], [1, U(0x0b)]);
});

test('others are refused', () => {
  for (const dissector of [modbus, dnp3Tcp, s7comm, ethernetIpTcp, opcUa, iec60870]) refusesDecoys(dissector);
});
