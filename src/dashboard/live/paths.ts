/** Addresses of the API, and the parameters of its lists, in one place. */

const root = '/api/v1';
const segment = encodeURIComponent;

export const paths = {
  session: `${root}/session`,
  ticket: `${root}/ws-ticket`,
  protocols: `${root}/protocols`,
  accounting: `${root}/accounting`,
  health: `${root}/health`,
  config: `${root}/config`,
  devices: `${root}/devices`,
  flows: `${root}/flows`,
  alerts: `${root}/alerts`,
  topology: `${root}/topology`,
  timeSeries: `${root}/timeseries`,
  packets: `${root}/packets`,
  device: (mac: string) => `${root}/devices/${segment(mac)}`,
  deviceFlows: (mac: string) => `${root}/devices/${segment(mac)}/flows`,
  flow: (id: string) => `${root}/flows/${segment(id)}`,
  flowPcap: (id: string) => `${root}/flows/${segment(id)}/pcap`,
  alert: (id: string) => `${root}/alerts/${segment(id)}`,
  alertEvidence: (id: string) => `${root}/alerts/${segment(id)}/pcap`,
  acknowledge: (id: string) => `${root}/alerts/${segment(id)}/acknowledge`,
  packet: (ordinal: number) => `${root}/packets/${ordinal}`,
};

export type Parameters = Record<string, string | number | boolean | null | undefined>;

/** Null, undefined and empty parameters are left out. */
export function withQuery(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

export const sorted = (sort: string, descending: boolean): Parameters => ({ sort, order: descending ? 'desc' : 'asc' });
