/** The note of a flow as text, in the length that the outbox takes. */
import { decideLabel } from './decide.ts';
import type { BuiltinLabel, FlowApp } from './flow-app.ts';
import type { AppLabel } from './note.ts';
import { writeNote, writeShortNote } from './note-writer.ts';
import type { Parsers } from './registry.ts';

export interface NoteText {
  /** '' when there is nothing to say. */
  text: string;
  label: AppLabel | null;
  isCut: boolean;
}

/** At most `mostBytes` of UTF-8: a note that is longer keeps label, risks and host only. */
export function noteText(app: FlowApp, registry: Parsers, mostBytes: number): NoteText {
  const { facts, label: builtin } = app;
  const label = decideLabel(builtin, app.ndpi);
  // A protocol that our parser knows is judged by our table of ports, whatever nDPI thinks it is.
  if (builtin?.confirmed === true && facts.hasRisks) facts.risks.delete('known_protocol_on_non_standard_port');
  if (builtin !== null && isOnUnusualPort(builtin, app, registry)) facts.risks.add('known_protocol_on_non_standard_port');
  const service = serviceOf(builtin, label);
  if (mostBytes > 0) {
    const text = writeNote(facts, label, service);
    // UTF-8 takes at most three bytes per UTF-16 unit.
    if (text.length * 3 <= mostBytes || Buffer.byteLength(text) <= mostBytes) return { text, label, isCut: false };
  }
  const text = writeShortNote(facts, label, service);
  return { text, label, isCut: text !== '' };
}

function isOnUnusualPort(label: BuiltinLabel, app: FlowApp, registry: Parsers): boolean {
  const usual = registry.usualPorts(label.parser);
  return usual.size > 0 && !usual.has(app.serverPort) && !usual.has(app.clientPort);
}

/** Zeek's way: every layer that was seen, the outermost first. */
function serviceOf(builtin: BuiltinLabel | null, label: AppLabel | null): string | null {
  if (builtin !== null) return builtin.layers.join(',');
  if (label === null || label.confidence === 'guess') return null;
  return label.master ?? label.protocol;
}
