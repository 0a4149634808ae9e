/** How the API is set up. Whoever starts it brings everything: nothing here reads files or the environment. */
import type { FlowLookups } from '../store/flow-line.ts';
import type { Principal } from './principal.ts';

/** One token of the token file. */
export interface ApiToken {
  role: Principal['role'];
  /** As `hashToken` writes it. */
  hash: string;
  /** For the audit log and acknowledgements. */
  name: string;
}

/** The part of a pino logger that is used. */
export interface ApiLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ApiLimits {
  /** Connections in all; beyond it the one that has been idle longest is closed. */
  connections: number;
  websocketClients: number;
  /** Requests of one address (IPv6: of one /64) in a minute. */
  requestsPerMinute: number;
  /** Wrong tokens of one address in a minute; then it waits. */
  failedLoginsPerMinute: number;
  /** A request that had to wait longer before it was looked at is refused, ms. */
  requestDelayMs: number;
  /** Time for a request's headers, ms. */
  headersTimeoutMs: number;
  /** Time for a whole request, ms. */
  requestTimeoutMs: number;
  /** An open connection without a request is closed after this, ms. */
  keepAliveTimeoutMs: number;
  /** Time that the running sensor has for an answer, ms. */
  sourceTimeoutMs: number;
  sessionIdleMs: number;
  /** Between two pings; a client that has not answered one by the next is closed, ms. */
  pingIntervalMs: number;
}

export const DEFAULT_LIMITS: ApiLimits = {
  connections: 512,
  websocketClients: 100,
  requestsPerMinute: 60_000,
  failedLoginsPerMinute: 10,
  requestDelayMs: 1000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 15_000,
  sourceTimeoutMs: 10_000,
  sessionIdleMs: 12 * 3_600_000,
  pingIntervalMs: 15_000,
};

/** The largest request body, bytes. */
export const BODY_LIMIT = 65_536;

export interface ApiOptions {
  /** Address, or `localhost`. */
  bind: string;
  /** 0 = any that is free. */
  port: number;
  /** A second port for the WebSocket alone; 0 = none. */
  wsPort: number;
  /** PEM text; null = plain HTTP. */
  tls: { cert: string; key: string } | null;
  /** null = everybody who can connect is an administrator: on loopback only. */
  auth: { tokens: ApiToken[] } | null;
  /** Names (`sensor.example`) or name and port (`sensor.example:8443`) that this server is reached by, besides its own address. */
  allowedHosts: string[];
  /** Where the built dashboard is; null = there is none. */
  dashboardDir: string | null;
  /** Length of a tick of the sensor, for the WebSocket's hello. */
  tickMs: number;
  /** What is known about the ends of live flows; without it, only what their packets say. */
  lookups?: FlowLookups;
  limits?: Partial<ApiLimits>;
  log: ApiLog;
}
