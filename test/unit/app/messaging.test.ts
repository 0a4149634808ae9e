import { expect, test } from 'vitest';
import { amqp } from '../../../src/app/amqp.ts';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { kafka } from '../../../src/app/kafka.ts';
import { mqtt } from '../../../src/app/mqtt.ts';
import { openwire } from '../../../src/app/openwire.ts';
import { thrift, thriftUdp } from '../../../src/app/thrift.ts';
import { driveStream } from '../../support/app/drive.ts';
import { be, join, refuses, refusesDecoys, sized, steadyDatagrams, steadyStream } from '../../support/app/steady.ts';

const mqttPacket = (first: number, ...parts: Parameters<typeof join>) => sized(0, first, sized(1, ...parts));
const connect = (level: number, flags: number, ...fields: Uint8Array[]) =>
  mqttPacket(0x10, sized(2, level === 3 ? 'MQIsdp' : 'MQTT'), level, flags, be(60, 2), level === 5 ? [3, 0x21, 0, 20] : [], ...fields);

test.each([
  [3, '3.1'],
  [4, '3.1.1'],
  [5, '5'],
])('MQTT level %i: who, what about, and a clear password', (level, version) => {
  const properties = level === 5 ? [0] : [];
  const run = steadyStream(mqtt, [
    [
      0,
      connect(level, 0xc6, sized(2, 'sensor-1'), join(properties, sized(2, 'will')), sized(2, 'gone'), sized(2, 'bob'), sized(2, 'secret')),
    ],
    [1, mqttPacket(0x20, 0, 0, properties)],
    [0, mqttPacket(0x82, be(1, 2), properties, sized(2, 'home/+/temperature'), 1, sized(2, 'home/#'), 0)],
    [1, mqttPacket(0x30, sized(2, 'home/kitchen/temperature'), properties, '21.5')],
  ]);
  expect(run.facts.detail('mqtt')).toEqual({
    version,
    keep_alive: 60,
    client_id: 'sensor-1',
    will_topic: 'will',
    user: 'bob',
    return_code: 0,
    topics: ['home/+/temperature', 'home/#', 'home/kitchen/temperature'],
  });
  expect([...run.facts.risks]).toEqual(['cleartext_credentials']);
});

test('MQTT: pings alone need both sides', () => {
  expect(driveStream(mqtt, [[0, '\xc0\0']]).verdict).not.toBe(Verdict.YES);
  const run = driveStream(mqtt, [
    [0, '\xc0\0'],
    [1, '\xd0\0'],
  ]);
  expect(run.verdict).toBe(Verdict.YES);
});

const method = (number: number, ...parts: Parameters<typeof join>) => {
  const body = join(be(10, 2), be(number, 2), ...parts);
  return join(1, 0, 0, be(body.length, 4), body, 0xce);
};
const longText = (name: string, value: string) => join(sized(1, name), 'S', sized(4, value));

test('AMQP 0-9-1: product, user, virtual host', () => {
  const run = steadyStream(amqp, [
    [0, 'AMQP\0\0\x09\x01'],
    [
      1,
      method(
        10,
        0,
        9,
        sized(
          4,
          sized(1, 'capabilities'),
          'F',
          sized(4, sized(1, 'x'), 't', 1),
          longText('product', 'RabbitMQ'),
          longText('version', '3.12'),
        ),
        sized(4, 'PLAIN'),
        sized(4, 'en_US'),
      ),
    ],
    [0, method(11, sized(4, longText('product', 'pika')), sized(1, 'PLAIN'), sized(4, '\0bob\0secret'), sized(1, 'en_US'))],
    [0, method(40, sized(1, '/shop'), 0, 0)],
  ]);
  expect(run.facts.detail('amqp')).toEqual({
    version: '0-9-1',
    server_product: 'RabbitMQ',
    server_version: '3.12',
    client_product: 'pika',
    mechanism: 'PLAIN',
    user: 'bob',
    virtual_host: '/shop',
  });
  expect([...run.facts.risks]).toEqual(['cleartext_credentials']);
});

test('AMQP 1.0: SASL, then the connection; TLS takes over', () => {
  const frame = (type: number, ...parts: Parameters<typeof join>) => {
    const body = join(2, type, be(0, 2), ...parts);
    return join(be(body.length + 4, 4), body);
  };
  const run = steadyStream(amqp, [
    [0, 'AMQP\x03\x01\0\0'],
    [1, 'AMQP\x03\x01\0\0'],
    [0, frame(1, [0, 0x53, 0x41, 0xc0, 30, 2, 0xa3], sized(1, 'ANONYMOUS'), [0xa0], sized(1, 'x'))],
    [0, 'AMQP\0\x01\0\0'],
    [0, frame(0, [0, 0x53, 0x10, 0xc0, 30, 2, 0xa1], sized(1, 'client-7'), [0xa1], sized(1, 'broker.example.org'))],
  ]);
  expect(run.facts.detail('amqp')).toEqual({ version: '1.0', mechanism: 'ANONYMOUS', container: 'client-7', host: 'broker.example.org' });
  const tls = steadyStream(amqp, [
    [0, 'AMQP\x02\x01\0\0'],
    [1, 'AMQP\x02\x01\0\0'],
  ]);
  expect(tls.progress).toBe(Progress.HAND_OVER);
  expect(tls.offsets).toEqual([8, 8]);
});

test('OpenWire', () => {
  const info = join(be(60, 4), 1, 'ActiveMQ', be(12, 4), new Uint8Array(47));
  expect(steadyStream(openwire, [[1, info]]).facts.detail('openwire')).toEqual({ version: 12 });
  refuses(openwire, [1, info.with(4, 2)]);
});

const kafkaRequest = (key: number, version: number, correlation: number, clientId: string, ...rest: Parameters<typeof join>) =>
  sized(4, be(key, 2), be(version, 2), be(correlation, 4), sized(2, clientId), ...rest);

test('Kafka: a request with its answer', () => {
  const run = steadyStream(kafka, [
    [0, kafkaRequest(18, 3, 7, 'producer-1', 0, sized(1, 'librdkafk'), sized(1, '2.3.'), 0)],
    [1, sized(4, be(7, 4), be(0, 2), new Uint8Array(20))],
    [0, kafkaRequest(17, 1, 8, 'producer-1', sized(2, 'PLAIN'))],
    [0, kafkaRequest(3, 9, 9, 'producer-1', new Uint8Array(8))],
  ]);
  expect(run.facts.detail('kafka')).toMatchObject({
    requests: ['ApiVersions v3', 'SaslHandshake v1', 'Metadata v9'],
    client_id: 'producer-1',
    mechanism: 'PLAIN',
  });
  expect([...run.facts.risks]).toEqual(['cleartext_credentials']);
  refuses(kafka, [0, kafkaRequest(18, 0, 7, 'producer-1')]);
  refuses(kafka, [0, kafkaRequest(3, 99, 7, 'producer-1')]);
  refuses(kafka, [0, kafkaRequest(3, 9, 7, 'x')], [1, sized(4, be(8, 4), new Uint8Array(20))]);
});

const binaryMessage = (type: number, name: string) => join(0x80, 1, 0, type, sized(4, name), be(1, 4), 0);

test('Thrift: binary and compact, framed or not', () => {
  const run = steadyStream(thrift, [
    [0, sized(4, binaryMessage(1, 'getUser'))],
    [1, sized(4, binaryMessage(3, 'getUser'))],
  ]);
  expect(run.facts.detail('thrift')).toEqual({ transport: 'framed', protocol: 'binary', methods: ['getUser'], exception: true });
  const compact = steadyStream(thrift, [[0, join(0x82, 0x21, 5, sized(1, 'listAll'), 0)]]);
  expect(compact.facts.detail('thrift')).toEqual({ transport: 'buffered', protocol: 'compact', methods: ['listAll'] });
  expect(steadyDatagrams(thriftUdp, [[0, join(0x82, 0x81, 1, sized(1, 'emitBatch'), 0)]]).facts.detail('thrift').methods).toEqual([
    'emitBatch',
  ]);
  refuses(thrift, [0, binaryMessage(2, 'getUser')]);
  refuses(thrift, [0, binaryMessage(1, 'no name')]);
});

test('others are refused', () => {
  for (const dissector of [mqtt, amqp, openwire, kafka, thrift]) refusesDecoys(dissector);
  refuses(mqtt, [0, connect(4, 0x01, sized(2, 'x'))]);
  refuses(mqtt, [0, connect(3, 0x02, sized(2, 'x')).with(10, 4)]);
  refuses(mqtt, [1, connect(4, 2, sized(2, 'x'))]);
  refuses(amqp, [0, 'AMQP\0\0\x09\x02']);
});
