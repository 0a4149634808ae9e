/** The API with what it asks: history from the database, the present from the sensor's thread. */
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AlertMessage, DeviceMessage, FrameMessage } from '../api/contract.ts';
import { createApiServer } from '../api/server.ts';
import type { ApiSources, LiveEvents, LiveState, PacketSlice } from '../api/sources.ts';
import { Places } from '../enrich/places.ts';
import { SensorError } from '../errors.ts';
import type { FlowRecord } from '../flow/record.ts';
import { type FlowLookups, flowLine } from '../store/flow-line.ts';
import { HistoryReader } from '../store/history-reader.ts';
import { contractAlert } from './contract-alert.ts';
import { DeviceNames } from './device-names.ts';
import { packetDetailOf, packetRow } from './packet-rows.ts';
import type { ApiMessage, ApiStart, DeviceChanges, KeeperAnswers, PacketsOfFlow, SensorAnswers } from './protocol.ts';
import { Caller } from './rpc.ts';
import { threadLog } from './thread-log.ts';

const LIVE_FLOWS = 2000;

interface Events {
  frame: [FrameMessage];
  alert: [AlertMessage];
  device: [DeviceMessage];
}

function packetsOf(record: FlowRecord): PacketsOfFlow {
  const { endpoint_a: a, endpoint_b: b, ip_proto, first_seen, last_seen } = record;
  return { protocol: ip_proto, a: a.ip, aPort: a.port, b: b.ip, bPort: b.port, from: first_seen, to: last_seen };
}

class Present implements LiveState {
  #frame: FrameMessage | null = null;
  readonly #sensor: Caller<SensorAnswers>;
  readonly #history: HistoryReader;

  constructor(sensor: Caller<SensorAnswers>, history: HistoryReader) {
    this.#sensor = sensor;
    this.#history = history;
  }

  show(frame: FrameMessage): void {
    this.#frame = frame;
  }

  frame(): FrameMessage | null {
    return this.#frame;
  }

  flows(limit: number): Promise<FlowRecord[]> {
    return this.#sensor.call('flows', limit);
  }

  accounting(): ReturnType<LiveState['accounting']> {
    return this.#sensor.call('ledger');
  }

  async packets(limit: number, before: number | null): ReturnType<LiveState['packets']> {
    const { frames, names, oldest } = await this.#sensor.call('packets', limit, before);
    return { packets: frames.map((frame, index) => packetRow(frame, names[index])), oldest };
  }

  async packet(ordinal: number): ReturnType<LiveState['packet']> {
    const found = await this.#sensor.call('packet', ordinal);
    return found === null ? null : packetDetailOf(found.frame, found.name);
  }

  async flowPackets(flowId: string): Promise<PacketSlice | null> {
    const kept = this.#history.flow(flowId);
    const record =
      kept === null ? (await this.flows(LIVE_FLOWS)).find((live) => live.flow_id === flowId) : (kept.record as unknown as FlowRecord);
    return record === undefined ? null : this.#sensor.call('packetsOf', packetsOf(record));
  }

  /** The path is the record's, not the request's. null also when the file had to make room. */
  async evidence(alertId: string): Promise<Uint8Array | null> {
    const path = this.#history.alert(alertId)?.evidence?.pcap ?? null;
    return path === null ? null : readFile(path).catch(() => null);
  }

  health(): ReturnType<LiveState['health']> {
    return this.#sensor.call('health');
  }

  config(): ReturnType<LiveState['config']> {
    return this.#sensor.call('config');
  }

  counters(): ReturnType<LiveState['counters']> {
    return this.#sensor.call('counters');
  }
}

function listeners(events: EventEmitter<Events>): LiveEvents {
  const on = <K extends keyof Events>(name: K, listener: (message: Events[K][0]) => void): (() => void) => {
    const call = listener as (...args: Events[K]) => void;
    events.on(name, call as never);
    return () => void events.off(name, call as never);
  };
  return {
    onFrame: (listener) => on('frame', listener),
    onAlert: (listener) => on('alert', listener),
    onDevice: (listener) => on('device', listener),
  };
}

export interface ApiPart {
  readonly address: { address: string; wsAddress: string | null };
  receive(message: ApiMessage): void;
  close(): Promise<void>;
}

/** Throws SensorError for a port or a certificate that cannot be used. */
export async function startApi(start: ApiStart): Promise<ApiPart> {
  const { options } = start;
  const sensor = new Caller<SensorAnswers>(start.sensorPort);
  const keeper = new Caller<KeeperAnswers>(start.keeperPort);
  const events = new EventEmitter<Events>().setMaxListeners(0);
  const history = HistoryReader.open(start.dataDir);
  const present = new Present(sensor, history);
  const names = new DeviceNames();
  const places = new Places(start.places);
  const lookups: FlowLookups = {
    name: (mac) => names.of(mac),
    country: (ip) => places.country(ip),
    asn: (ip) => places.asn(ip),
  };
  start.devicePort.on('message', ({ changes }: DeviceChanges) => {
    for (const change of changes) {
      names.learn(change.device.mac, change.device.hostname);
      events.emit('device', change);
    }
  });
  const sources: ApiSources = {
    history,
    live: present,
    events: listeners(events),
    changes: { acknowledge: (...args) => keeper.call('acknowledge', ...args) },
  };
  const server = await createApiServer(sources, {
    bind: options.bind,
    port: options.port,
    wsPort: options.wsPort,
    tls: start.secrets.tls,
    auth: start.secrets.tokens === null ? null : { tokens: start.secrets.tokens },
    allowedHosts: options.allowedHosts,
    dashboardDir: start.dashboardDir,
    tickMs: start.tickMs,
    lookups,
    log: threadLog(),
  });
  await server.listen();
  return {
    address: addressOf(server.address, options.bind),
    receive: (message) => receive(message, { present, events, lookups }),
    close: async () => {
      await server.close();
      history.close();
      sensor.close();
      keeper.close();
      start.devicePort.close();
    },
  };
}

function addressOf(address: { url: string; wsPort: number; host: string } | null, bind: string): ApiPart['address'] {
  if (address === null) throw new SensorError('INTERNAL', `the server does not listen on ${bind}`);
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const scheme = address.url.startsWith('https') ? 'wss' : 'ws';
  return { address: address.url, wsAddress: address.wsPort === 0 ? null : `${scheme}://${host}:${address.wsPort}/ws` };
}

function receive(message: ApiMessage, parts: { present: Present; events: EventEmitter<Events>; lookups: FlowLookups }): void {
  const { present, events, lookups } = parts;
  if (message.type === 'frame') {
    const { frameSeq, stats, top } = message;
    const frame: FrameMessage = {
      type: 'frame',
      frame_seq: frameSeq,
      stats,
      top: top.map(({ record, bps, pps }) => ({ flow: flowLine(record, 'live', lookups), bps, pps })),
    };
    present.show(frame);
    events.emit('frame', frame);
  } else if (message.type === 'alert') {
    events.emit('alert', { type: 'alert', is_new: message.isNew, alert: contractAlert(message.alert) });
  }
}
