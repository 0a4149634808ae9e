/** The record of a flow, picked apart for reading. It is open: what this version does not know is shown by its own name. */
import type { FlowDetail } from '../../api/contract.ts';
import { formatCount, formatMillis, UNKNOWN } from '../text/units.ts';
import { fieldLabel, valueText } from '../text/visible.ts';
import type { Fact } from './facts.tsx';

type Values = Record<string, unknown>;

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

const number = (record: Values, name: string): number | null => (typeof record[name] === 'number' ? record[name] : null);

const count = (record: Values, name: string): string => formatCount(number(record, name));

/** Both directions of a counter: `a 2, b 0`. */
const bothWays = (record: Values, name: string): string => `${count(record, `${name}_a_to_b`)} a→b, ${count(record, `${name}_b_to_a`)} b→a`;

export function qualityFacts({ record, conn_state, history }: FlowDetail): Fact[] {
  return [
    ['Connection', `${conn_state ?? UNKNOWN} (${valueText(record.tcp_state)})`],
    ['History', history === '' ? UNKNOWN : valueText(history)],
    ['SYN to SYN+ACK', formatMillis(number(record, 'syn_synack_ms'))],
    ['SYN+ACK to ACK', formatMillis(number(record, 'synack_ack_ms'))],
    ['Round trip, least', formatMillis(number(record, 'rtt_min_ms'))],
    ['Round trip, smoothed', formatMillis(number(record, 'rtt_ewma_ms'))],
    ['Jitter', formatMillis(number(record, 'rtt_jitter_ms'))],
    ['Samples', count(record, 'rtt_samples')],
    ['Retransmissions', `${count(record, 'retransmissions')} (${bothWays(record, 'retransmissions')})`],
    ['Fast, spurious', `${count(record, 'fast_retransmissions')}, ${count(record, 'spurious_retransmissions')}`],
    ['Out of order', `${count(record, 'out_of_order')} (${bothWays(record, 'out_of_order')})`],
    ['Duplicate ACKs', count(record, 'duplicate_acks')],
    ['Zero windows', count(record, 'zero_windows')],
    ['Smallest window', bothWays(record, 'window_min')],
    ['Bytes never seen', bothWays(record, 'missed_bytes')],
    ['Keep-alives', count(record, 'keep_alives')],
  ];
}

function riskText(risks: unknown): string {
  if (!Array.isArray(risks) || risks.length === 0) return 'none';
  return risks
    .filter(isObject)
    .map((risk) => `${valueText(risk.name)} (${valueText(risk.severity)})`)
    .join(', ');
}

export function applicationFacts({ record, app, category, host, risk_score }: FlowDetail): Fact[] {
  const label = isObject(record.app) ? record.app : {};
  const known: Fact[] = [
    ['Application', valueText(app)],
    ['Carried by', valueText(label.master)],
    ['Category', valueText(category)],
    ['Known by', `${valueText(label.source)}, ${valueText(label.confidence)}`],
    ['Host', valueText(host)],
    ['Host from', valueText(record.host_source)],
    ['Risks', riskText(record.risks)],
    ['Risk score', formatCount(risk_score)],
  ];
  const prints = ['ja3', 'ja3s', 'ja4', 'ja4_r', 'hassh', 'hassh_server'].filter((name) => typeof record[name] === 'string');
  return [...known, ...prints.map((name): Fact => [name.toUpperCase().replace('_SERVER', ' server'), valueText(record[name])])];
}

/** One level of names is kept; what is deeper is shown as JSON. */
function factsOf(section: Values): Fact[] {
  return Object.entries(section)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .flatMap(([name, value]): Fact[] =>
      isObject(value)
        ? factsOf(value).map(([inner, text]) => [`${fieldLabel(name)}: ${inner}`, text])
        : [[fieldLabel(name), valueText(value)]],
    );
}

const sections: [field: string, title: string][] = [
  ['tls', 'TLS'],
  ['quic', 'QUIC'],
  ['http', 'HTTP'],
  ['dns', 'DNS'],
  ['ssh', 'SSH'],
  ['tunnel', 'Tunnel'],
  ['os_a', 'System of a'],
  ['os_b', 'System of b'],
  ['process_a', 'Process of a'],
  ['process_b', 'Process of b'],
];

/** The sections of the record that hold anything, and one for each protocol of `app_details`. */
export function recordSections(record: Values): { title: string; facts: Fact[] }[] {
  const known = sections.map(([field, title]) => ({ title, section: record[field] }));
  const details = isObject(record.app_details)
    ? Object.entries(record.app_details).map(([title, section]) => ({ title: fieldLabel(title), section }))
    : [];
  return [...known, ...details]
    .flatMap(({ title, section }) => (isObject(section) ? [{ title, facts: factsOf(section) }] : []))
    .filter(({ facts }) => facts.length > 0);
}
