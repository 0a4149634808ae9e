/** What a service is told beside the options of its sensor. */
import type { SettingValues } from './settings.ts';

export interface ServiceOptions {
  /** Folder of the database, the daily files and the evidence; null = a temporary one that goes with the service. */
  dataDir: string | null;
  bind: string;
  /** 0 = any that is free. */
  port: number;
  /** A second port for the WebSocket alone; 0 = none. */
  wsPort: number;
  /** Names of PEM files; null = plain HTTP. */
  tls: { certFile: string; keyFile: string } | null;
  /** null = no authentication; then only loopback addresses may be bound. */
  tokenFile: string | null;
  allowedHosts: string[];
  /** 0 = no limit. */
  retentionDays: number;
  /** 0 = no limit. */
  retentionMb: number;
  dailyCsv: boolean;
  /** MaxMind DB files; null = what is installed, else none. */
  countryDb: string | null;
  asnDb: string | null;
  /** Account to become once the capture is open; null = stay. */
  user: string | null;
}

export const DEFAULT_SERVICE: ServiceOptions = {
  dataDir: null,
  bind: '127.0.0.1',
  port: 8080,
  wsPort: 0,
  tls: null,
  tokenFile: null,
  allowedHosts: [],
  retentionDays: 30,
  retentionMb: 4096,
  dailyCsv: false,
  countryDb: null,
  asnDb: null,
  user: null,
};

const given = (text: string): string | null => (text === '' ? null : text);

export function serviceOptions(values: SettingValues): ServiceOptions {
  const certFile = given(values['serve.tls_cert']);
  const keyFile = given(values['serve.tls_key']);
  return {
    dataDir: given(values['serve.data_dir']),
    bind: values['serve.bind'],
    port: values['serve.port'],
    wsPort: values['serve.ws_port'],
    tls: certFile === null || keyFile === null ? null : { certFile, keyFile },
    tokenFile: given(values['serve.token_file']),
    allowedHosts: [...values['serve.allowed_hosts']],
    retentionDays: values['serve.retention_days'],
    retentionMb: values['serve.retention_mb'],
    dailyCsv: values['serve.daily_csv'],
    countryDb: given(values['serve.country_db']),
    asnDb: given(values['serve.asn_db']),
    user: given(values['serve.user']),
  };
}
