/**
 * A flow's facts as the JSON text of its note (`Partial<AppNote>`, empty members left out). Every flow is written once or
 * more, so what many flows share, the lists of a client program, certificates, sets of risks, is written once and kept.
 */
import type { AppFacts, CertificateFacts, TlsFacts } from './facts.ts';
import { type AppLabel, maskOf } from './note.ts';
import { type RiskName, riskByName } from './risks.ts';

type Shared = readonly string[] | Readonly<CertificateFacts> | AppLabel;
const shared = new WeakMap<Shared, string>();

function sharedJson(value: Shared): string {
  let text = shared.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    shared.set(value, text);
  }
  return text;
}

const MOST_RISK_SETS = 1024;
const riskSets = new Map<string, string>();

function risksJson(names: ReadonlySet<RiskName>): string {
  const key = [...names].join();
  let text = riskSets.get(key);
  if (text === undefined) {
    const risks = [...names].map(riskByName).sort((a, b) => a.id - b.id);
    const score = risks.reduce((sum, risk) => sum + risk.score, 0);
    text = `"risks":${JSON.stringify(risks)},"risk_mask":"${maskOf(risks)}","risk_score":${score}`;
    if (riskSets.size >= MOST_RISK_SETS) riskSets.clear();
    riskSets.set(key, text);
  }
  return text;
}

function textJson(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}

function labelJson(label: AppLabel): string {
  return label.source === 'builtin' && label.master === null ? sharedJson(label) : JSON.stringify(label);
}

function tlsJson(tls: TlsFacts): string {
  const { alpn, certificates } = tls;
  return (
    `{"version":"${tls.version}","sni":${textJson(tls.sni)},"ech":${tls.ech},"alpn":${alpn.length === 0 ? '[]' : JSON.stringify(alpn)}` +
    `,"alpn_chosen":${textJson(tls.alpn_chosen)},"cipher":${textJson(tls.cipher)},"group":${textJson(tls.group)}` +
    `,"client_ciphers":${sharedJson(tls.client_ciphers)},"client_extensions":${sharedJson(tls.client_extensions)}` +
    `,"client_versions":${sharedJson(tls.client_versions)},"resumed":${tls.resumed},"established":${tls.established}` +
    `,"certificates":[${certificates.length === 0 ? '' : certificates.map(sharedJson).join()}],"alert":${textJson(tls.alert)}}`
  );
}

/** Texts of hexadecimal digits and the like, which need no escaping. */
const PLAIN = ['ja3', 'ja3s', 'ja4', 'ja4_r', 'hassh', 'hassh_server'] as const;

/** '' when there is nothing to say. Members are only added: text that is cut would be copied in full, with what flows share. */
export function writeNote(facts: AppFacts, label: AppLabel | null, service: string | null): string {
  let text = headJson(facts, label, service);
  if (facts.tls !== null) text += `${before(text)}"tls":${tlsJson(facts.tls)}`;
  if (facts.quic !== null) text += `${before(text)}"quic":${JSON.stringify(facts.quic)}`;
  if (facts.http !== null) text += `${before(text)}"http":${JSON.stringify(facts.http)}`;
  if (facts.dns !== null) text += `${before(text)}"dns":${JSON.stringify(facts.dns)}`;
  if (facts.ssh !== null) text += `${before(text)}"ssh":${JSON.stringify(facts.ssh)}`;
  for (const name of PLAIN) if (facts[name] !== null) text += `${before(text)}"${name}":"${facts[name]}"`;
  if (facts.hasDetails) text += `${before(text)}"app_details":${JSON.stringify(Object.fromEntries(facts.details))}`;
  return closed(text);
}

/** What is left of a note that is too long: label, risks and host. */
export function writeShortNote(facts: AppFacts, label: AppLabel | null, service: string | null): string {
  return closed(headJson(facts, label, service));
}

/** The members that every note may have, without the brace at the end. */
function headJson(facts: AppFacts, label: AppLabel | null, service: string | null): string {
  let text = service === null ? '' : `{"service":${JSON.stringify(service)}`;
  if (label !== null) text += `${before(text)}"app":${labelJson(label)}`;
  if (facts.hasRisks) text += `${before(text)}${risksJson(facts.risks)}`;
  if (facts.host !== null) text += `${before(text)}"host":${JSON.stringify(facts.host)},"host_source":"${facts.hostSource}"`;
  return text;
}

/** What stands before the next member. */
function before(text: string): string {
  return text === '' ? '{' : ',';
}

function closed(text: string): string {
  return text === '' ? '' : `${text}}`;
}

/** The host that a note names, in small letters and without a dot at its end; '' when it names none. */
export function hostOfNote(note: string): string {
  const text = /"host":("(?:[^"\\]|\\.)*")/.exec(note)?.[1];
  if (text === undefined) return '';
  return (JSON.parse(text) as string).toLowerCase().replace(/\.$/, '');
}
