/**
 * The WebSocket: one for the whole page. Takes every frame, shows as many as were asked for, and comes back by itself.
 *
 *   connecting → open → waiting (back-off) → connecting …      `denied` when nobody is signed in: until start() again
 */
import { flushSync } from 'react-dom';
import type { Alert, AlertMessage, DeviceMessage, FrameMessage, HelloMessage, SubscribeMessage } from '../../api/contract.ts';
import { backOffMs } from './back-off.ts';
import { FrameHistory } from './history.ts';
import { paths } from './paths.ts';
import { postJson, RequestFailure } from './request.ts';

export type Rate = 1 | 2 | 5 | 10;
export const RATES: readonly Rate[] = [1, 2, 5, 10];

export type Connection = { state: 'connecting' | 'open' | 'denied' } | { state: 'waiting'; retryAtMs: number };

export interface LiveView {
  connection: Connection;
  /** The frame on show; with `paused` the one that was there when it began. */
  frame: FrameMessage | null;
  /** Alerts that came since the page was opened, newest first, at most 50. */
  alerts: readonly Alert[];
  /** Grow when an alert or a device changed, for pages that then ask again. */
  alertChanges: number;
  deviceChanges: number;
  paused: boolean;
  rateSecs: Rate;
  version: string | null;
}

/** Of the last frame shown. */
export interface Cost {
  messageBytes: number;
  renderMs: number;
  framesReceived: number;
  framesMissed: number;
}

type Message = HelloMessage | FrameMessage | AlertMessage | DeviceMessage;

const MOST_ALERTS = 50;
const NEWS_MS = 500;

/** null for what is no message. */
function parseMessage(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Message | null) : null;
  } catch {
    return null;
  }
}

export class LiveFeed {
  readonly history = new FrameHistory();
  readonly cost: Cost = { messageBytes: 0, renderMs: 0, framesReceived: 0, framesMissed: 0 };
  private view: LiveView;
  private listeners = new Set<() => void>();
  private socket: WebSocket | null = null;
  private latest: FrameMessage | null = null;
  private alerts: readonly Alert[] = [];
  private untold = { alerts: 0, devices: 0 };
  private newsTimer: number | undefined;
  private shownAtMs = 0;
  private showTimer: number | undefined;
  private retryTimer: number | undefined;
  private tries = 0;
  private started = false;

  constructor(rateSecs: Rate) {
    const connection: Connection = { state: 'connecting' };
    this.view = { connection, frame: null, alerts: [], alertChanges: 0, deviceChanges: 0, paused: false, rateSecs, version: null };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): LiveView => this.view;

  start(): void {
    if (this.started) return;
    this.started = true;
    document.addEventListener('visibilitychange', this.sendTopics);
    this.connect();
  }

  stop(): void {
    this.started = false;
    document.removeEventListener('visibilitychange', this.sendTopics);
    window.clearTimeout(this.retryTimer);
    window.clearTimeout(this.showTimer);
    window.clearTimeout(this.newsTimer);
    this.newsTimer = undefined;
    this.socket?.close();
    this.socket = null;
  }

  setPaused(paused: boolean): void {
    this.change({ paused });
    if (!paused) this.show();
  }

  setRate(rateSecs: Rate): void {
    this.change({ rateSecs });
    this.plan();
  }

  /** Ends the wait before the next try. */
  retry(): void {
    if (this.view.connection.state !== 'waiting') return;
    window.clearTimeout(this.retryTimer);
    this.connect();
  }

  private change(part: Partial<LiveView>): void {
    this.view = { ...this.view, ...part };
    for (const listener of this.listeners) listener();
  }

  private connect(): void {
    this.change({ connection: { state: 'connecting' } });
    postJson<{ ticket: string }>(paths.ticket, undefined).then(
      (answer) => {
        if (this.started) this.open(answer?.ticket ?? '');
      },
      (error: unknown) => {
        if (error instanceof RequestFailure && error.status === 401) this.change({ connection: { state: 'denied' } });
        else this.wait();
      },
    );
  }

  private open(ticket: string): void {
    const address = new URL(`/ws?ticket=${encodeURIComponent(ticket)}`, window.location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    address.hash = '';
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.addEventListener('open', () => {
      this.tries = 0;
      this.change({ connection: { state: 'open' } });
      this.sendTopics();
    });
    socket.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (this.socket === socket && typeof event.data === 'string') this.take(event.data);
    });
    socket.addEventListener('close', () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.wait();
    });
  }

  private wait(): void {
    if (!this.started) return;
    const delay = backOffMs(this.tries++);
    this.change({ connection: { state: 'waiting', retryAtMs: Date.now() + delay } });
    this.retryTimer = window.setTimeout(() => this.connect(), delay);
  }

  /** A hidden page wants no frames; what it missed meanwhile is in the stored time series. */
  private readonly sendTopics = (): void => {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const topics = document.hidden ? ['alert', 'device'] : ['frame', 'alert', 'device'];
    const message: SubscribeMessage = { type: 'subscribe', topics };
    this.socket.send(JSON.stringify(message));
  };

  private take(text: string): void {
    const message = parseMessage(text);
    if (message === null) return;
    if (message.type === 'hello') this.change({ version: message.version });
    else if (message.type === 'frame') this.takeFrame(message, text.length);
    else if (message.type === 'alert') this.takeAlert(message);
    else if (message.type === 'device') this.news(this.alerts, 0, 1);
  }

  private takeFrame(frame: FrameMessage, size: number): void {
    const gap = this.latest === null ? 0 : frame.frame_seq - this.latest.frame_seq - 1;
    if (gap > 0) this.cost.framesMissed += gap;
    this.cost.framesReceived++;
    this.cost.messageBytes = size;
    this.latest = frame;
    this.history.add(frame);
    this.plan();
  }

  private takeAlert({ alert }: AlertMessage): void {
    const others = this.alerts.filter(({ alert_id }) => alert_id !== alert.alert_id);
    this.news([alert, ...others].slice(0, MOST_ALERTS), 1, 0);
  }

  /** Told to the components twice a second at most, however many messages come. */
  private news(alerts: readonly Alert[], alertChanges: number, deviceChanges: number): void {
    this.alerts = alerts;
    this.untold = { alerts: this.untold.alerts + alertChanges, devices: this.untold.devices + deviceChanges };
    this.newsTimer ??= window.setTimeout(() => {
      this.newsTimer = undefined;
      const { view, untold } = this;
      this.untold = { alerts: 0, devices: 0 };
      this.change({
        alerts: this.alerts,
        alertChanges: view.alertChanges + untold.alerts,
        deviceChanges: view.deviceChanges + untold.devices,
      });
    }, NEWS_MS);
  }

  /** Shows the latest frame now, or when its time has come. */
  private plan(): void {
    if (this.view.paused || this.latest === null || this.latest === this.view.frame) return;
    window.clearTimeout(this.showTimer);
    // A frame that comes a little early still belongs to this second.
    const due = this.shownAtMs + this.view.rateSecs * 1000 - 250 - performance.now();
    if (due <= 0) this.show();
    else this.showTimer = window.setTimeout(() => this.show(), due);
  }

  private show(): void {
    if (this.latest === null || this.view.paused) return;
    const began = performance.now();
    this.shownAtMs = began;
    // Rendered here and now, so that the time that it takes can be measured.
    flushSync(() => this.change({ frame: this.latest }));
    this.cost.renderMs = performance.now() - began;
  }
}
