/**
 * `data-testid` of what a test reads. Numbers carry the unrounded value in `data-value` beside their text.
 *
 * Shell: `live-state` (`data-state`: connecting, open, waiting, denied), `pause`, `rate`, `theme`, `performance`, `keys`.
 * Overview: `stat-bps`, `stat-pps`, `stat-packets-total`, `stat-bytes-total`, `stat-flows-live`, `stat-flows-created`,
 * `stat-devices`, `stat-alerts`, `stat-loss`, `chart-throughput`, `ledger-state`, `protocol-row`, `talker-row`, `alert-row`.
 * Devices: `device-search`, `device-row` (`data-key`: MAC). Device: `device-name`, `device-address-row`, `device-flow-row`.
 * Flows: `flow-row` (`data-key`: flow id), `flow-total`, `flow-drawer`, `flow-pcap`.
 * Alerts: `alert-row` (`data-key`: alert id), `alert-drawer`, `alert-evidence`, `alert-acknowledge`.
 * Topology: `topology-canvas` (`data-nodes`, `data-links`, `data-settled`), `topology-search`, `topology-node`, `legend-row`.
 * Packets: `packet-row` (`data-key`: ordinal), `packet-layers`, `packet-hex`, `packet-gone`.
 * Health: `health-status`, `identity-row` (`data-holds`), `advice-row`, `check-row`.
 * Login: `login-token`, `login-submit`. Any page: `page-<name>`, `state-loading`, `state-empty`, `state-error`, `csv`, `json`.
 */
export const testIds = {
  liveState: 'live-state',
  pause: 'pause',
  rate: 'rate',
  theme: 'theme',
  performance: 'performance',
  keys: 'keys',
  bps: 'stat-bps',
  pps: 'stat-pps',
  packetsTotal: 'stat-packets-total',
  bytesTotal: 'stat-bytes-total',
  flowsLive: 'stat-flows-live',
  flowsCreated: 'stat-flows-created',
  devices: 'stat-devices',
  alerts: 'stat-alerts',
  loss: 'stat-loss',
  throughput: 'chart-throughput',
  ledgerState: 'ledger-state',
  protocolRow: 'protocol-row',
  talkerRow: 'talker-row',
  alertRow: 'alert-row',
  deviceSearch: 'device-search',
  deviceRow: 'device-row',
  deviceName: 'device-name',
  deviceAddressRow: 'device-address-row',
  deviceFlowRow: 'device-flow-row',
  flowRow: 'flow-row',
  flowTotal: 'flow-total',
  flowDrawer: 'flow-drawer',
  flowPcap: 'flow-pcap',
  alertDrawer: 'alert-drawer',
  alertEvidence: 'alert-evidence',
  alertAcknowledge: 'alert-acknowledge',
  topologyCanvas: 'topology-canvas',
  topologySearch: 'topology-search',
  topologyNode: 'topology-node',
  legendRow: 'legend-row',
  packetRow: 'packet-row',
  packetLayers: 'packet-layers',
  packetHex: 'packet-hex',
  packetGone: 'packet-gone',
  healthStatus: 'health-status',
  identityRow: 'identity-row',
  adviceRow: 'advice-row',
  checkRow: 'check-row',
  loginToken: 'login-token',
  loginSubmit: 'login-submit',
  loading: 'state-loading',
  empty: 'state-empty',
  error: 'state-error',
  csv: 'csv',
  json: 'json',
} as const;
