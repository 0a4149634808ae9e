/** The WebSocket: what it says, to whom, and what a client that does not read costs. */
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AlertMessage, DeviceMessage, FrameMessage, HelloMessage } from '../../src/api/contract.ts';
import { QUEUE_LENGTH } from '../../src/api/hub-client.ts';
import { somePort, TestApi, TOKENS, testTokens } from '../support/api-server.ts';
import { FakeSensor } from '../support/api-sources.ts';

let api: TestApi;
const clients: Client[] = [];
beforeEach(async () => {
  api = await TestApi.start();
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.terminate();
  await api.server.close();
});

type Message = Record<string, unknown> & { type: string };

class Client {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<number>;

  constructor(url: string, headers: Record<string, string> = {}, autoPong = true) {
    this.socket = new WebSocket(url, { headers, autoPong });
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    this.socket.on('message', (text) => this.messages.push(JSON.parse((text as Buffer).toString()) as Message));
    this.socket.on('error', () => {});
    clients.push(this);
  }

  of(type: string): Message[] {
    return this.messages.filter((message) => message.type === type);
  }

  /** Waits until there are this many. */
  async until(type: string, count = 1): Promise<Message[]> {
    await expect.poll(() => this.of(type).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
    return this.of(type);
  }
}

const wsUrl = (port = api.port) => `ws://127.0.0.1:${port}/ws`;

async function metric(series: string): Promise<number> {
  const lines = (await (await api.fetch('/metrics')).text()).split('\n');
  return Number(
    lines
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  );
}

describe('messages', () => {
  it('hello first, the frame of the last tick, then one per tick with rising numbers', async () => {
    api.sensor.tick();
    const client = new Client(wsUrl());
    const [hello] = await client.until('hello');
    expect(Value.Check(HelloMessage, hello)).toBe(true);
    expect(client.messages[0].type).toBe('hello');
    await client.until('frame');
    for (let tick = 0; tick < 20; tick++) {
      api.sensor.tick();
      await wait(5);
    }
    const frames = await client.until('frame', 21);
    expect(frames.map((frame) => frame.frame_seq)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    expect(frames.every((frame) => Value.Check(FrameMessage, frame))).toBe(true);
  });

  it('no frame twice, and none that is older', async () => {
    const old = api.sensor.tick();
    const latest = api.sensor.tick();
    const client = new Client(wsUrl());
    await client.until('frame');
    api.sensor.frames.emit(latest);
    api.sensor.frames.emit(old);
    api.sensor.tick();
    expect((await client.until('frame', 2)).map((frame) => frame.frame_seq)).toEqual([2, 3]);
  });

  it('alerts and devices at once, without a tick', async () => {
    const client = new Client(wsUrl());
    await client.until('hello');
    api.sensor.raise();
    api.sensor.changeDevice();
    expect(Value.Check(AlertMessage, (await client.until('alert'))[0])).toBe(true);
    expect(Value.Check(DeviceMessage, (await client.until('device'))[0])).toBe(true);
    expect(client.of('frame')).toHaveLength(0);
  });

  it('subscriptions', async () => {
    const client = new Client(wsUrl());
    await client.until('hello');
    client.socket.send(JSON.stringify({ type: 'subscribe', topics: ['alert'] }));
    await wait(50);
    api.sensor.tick();
    api.sensor.changeDevice();
    api.sensor.raise();
    await client.until('alert');
    expect(client.messages.map(({ type }) => type)).toEqual(['hello', 'alert']);
  });

  it.each([
    ['no JSON', '{'],
    ['another message', '{"type":"drop table"}'],
    ['an unknown topic', '{"type":"subscribe","topics":["frame","colour"]}'],
    ['too many topics', JSON.stringify({ type: 'subscribe', topics: Array.from({ length: 9 }, () => 'frame') })],
    ['bytes', Buffer.from([0, 1, 2])],
  ])('%s is answered with a problem and changes nothing', async (_what, message) => {
    const client = new Client(wsUrl());
    await client.until('hello');
    client.socket.send(message);
    const [problem] = await client.until('problem');
    expect(problem).toMatchObject({ error: 'bad_request' });
    api.sensor.tick();
    await client.until('frame');
  });

  it('a message beyond 4 KiB, and a flood of them, end the connection', async () => {
    const large = new Client(wsUrl());
    await large.until('hello');
    large.socket.send('x'.repeat(5000));
    expect(await large.closed).toBe(1009);
    const flood = new Client(wsUrl());
    await flood.until('hello');
    for (let count = 0; count < 30; count++) flood.socket.send('{}');
    expect(await flood.closed).toBe(1008);
  });
});

describe('clients', () => {
  it('are at most so many, and make room again', async () => {
    await using few = await TestApi.start({ limits: { websocketClients: 2 } });
    const first = new Client(wsUrl(few.port));
    const second = new Client(wsUrl(few.port));
    await Promise.all([first.until('hello'), second.until('hello')]);
    const status = await new Promise<number>((resolve) => {
      const third = new WebSocket(wsUrl(few.port));
      third.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      third.on('error', () => {});
    });
    expect(status).toBe(503);
    first.socket.close();
    await first.closed;
    await wait(50);
    await new Client(wsUrl(few.port)).until('hello');
  });

  it('that answer no ping are closed, others stay', async () => {
    await using quick = await TestApi.start({ limits: { pingIntervalMs: 100 } });
    const silent = new Client(wsUrl(quick.port), {}, false);
    const healthy = new Client(wsUrl(quick.port));
    await healthy.until('hello');
    expect(await silent.closed).toBe(1006);
    await wait(300);
    expect(healthy.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('end with their session', async () => {
    await using guarded = await TestApi.start({ auth: { tokens: await testTokens() }, limits: { pingIntervalMs: 100 } });
    const origin = guarded.url;
    const login = await guarded.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ token: TOKENS.viewer }),
    });
    const cookie = login.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const client = new Client(wsUrl(guarded.port), { cookie, origin });
    await client.until('hello');
    await wait(250);
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    await guarded.fetch('/api/v1/session', { method: 'DELETE', headers: { cookie, origin } });
    expect(await client.closed).toBe(1008);
  });

  it('are closed with the server, which leaves no listener behind', async () => {
    const sensor = new FakeSensor();
    const server = await TestApi.start({}, sensor);
    const client = new Client(wsUrl(server.port));
    await client.until('hello');
    expect(sensor.listeners).toBe(3);
    await server.server.close();
    expect([1001, 1006]).toContain(await client.closed);
    expect(sensor.listeners).toBe(0);
    expect(server.server.address).toBeNull();
  });
});

describe('a port of its own', () => {
  it('has the WebSocket, for pages of the other port, and nothing else', async () => {
    const wsPort = somePort();
    await using both = await TestApi.start({ wsPort });
    expect(both.server.address?.wsPort).toBe(wsPort);
    await new Client(wsUrl(wsPort), { origin: both.url }).until('hello');
    await new Client(wsUrl(both.port)).until('hello');
    const foreign = new Client(wsUrl(wsPort), { origin: 'http://127.0.0.1:1' });
    expect(await foreign.closed).toBe(1006);
    expect(foreign.messages).toEqual([]);
    expect((await fetch(`http://127.0.0.1:${wsPort}/api/v1/stats`)).status).toBe(404);
  });
});

describe('a client that does not read', () => {
  it('costs a bounded queue; what it misses is counted, and the others miss nothing', async () => {
    const reader = new Client(wsUrl());
    await reader.until('hello');
    const socket = connect(api.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => {
      socket.once('data', () => {
        socket.pause();
        resolve();
      });
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
    });
    // About 130 kB each: far more than the sockets of both sides take.
    const rounds = 300;
    let last = 0;
    for (let round = 0; round < rounds; round++) {
      last = api.sensor.tick(200).frame_seq;
      api.sensor.raise();
      api.sensor.raise();
      if (round % 10 === 0) await wait(1);
    }
    expect((await reader.until('alert', rounds * 2)).length).toBe(rounds * 2);
    await expect.poll(() => reader.of('frame').at(-1)?.frame_seq).toBe(last);
    const dropped = await metric('weir_api_websocket_dropped_messages_total{topic="alert"}');
    expect(dropped).toBeGreaterThan(50);
    expect(dropped).toBeLessThanOrEqual(rounds * 2 - QUEUE_LENGTH);
    expect(await metric('weir_api_websocket_dropped_messages_total{topic="frame"}')).toBeGreaterThan(rounds / 2);
    socket.destroy();
  });
});
