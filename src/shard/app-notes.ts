/** What the parsers found of flows, as the notes and labels of their records: kept from when nobody asks any more until the flow has ended. */
import type { FlowApp } from '../app/flow-app.ts';
import { noteText } from '../app/note-text.ts';
import type { Parsers } from '../app/registry.ts';
import { NOTE_LIMIT } from '../flow/entry.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';
import { NoteStore } from './note-store.ts';
import { ShardCounter } from './protocol.ts';

/** Bytes that the notes of live flows may take; beyond it, notes keep label, risks and host only. */
const NOTES_BUDGET = 128 << 20;

export class AppNotes {
  private readonly lives: FlowLives;
  private readonly registry: Parsers;
  private readonly notes: NoteStore;
  private readonly labels: (string | undefined)[] = [];

  constructor(lives: FlowLives, registry: Parsers) {
    this.lives = lives;
    this.registry = registry;
    this.notes = new NoteStore(lives.store.rows, NOTES_BUDGET);
  }

  /** The note of a flow as it is now; label, risks and host alone when it is not to be `whole`. */
  text(app: FlowApp, whole: boolean): string {
    const { text, label, isCut } = noteText(app, this.registry, whole ? NOTE_LIMIT : 0);
    app.finalLabel = label?.protocol;
    this.mark(app.slot, app.facts.host !== null, label !== null);
    const { tally } = this.lives;
    if (isCut) tally[ShardCounter.APP_NOTES_CUT] = tally[ShardCounter.APP_NOTES_CUT] + 1;
    return text;
  }

  /** The flow's last note, and its label. */
  keep(slot: number, app: FlowApp): void {
    const text = this.text(app, this.notes.bytes < NOTES_BUDGET);
    while (this.labels.length <= slot) this.labels.push(undefined);
    this.labels[slot] = app.finalLabel;
    this.notes.set(slot, text);
  }

  /** '' when none is kept. */
  of(slot: number): string {
    return this.notes.get(slot);
  }

  /** Forgets the flow; its label, if one is kept. */
  take(slot: number): string | undefined {
    const label = this.labels[slot];
    if (slot < this.labels.length) this.labels[slot] = undefined;
    this.notes.delete(slot);
    return label;
  }

  /** The row says what its note holds, so that nobody has to read the note for it. */
  private mark(slot: number, host: boolean, label: boolean): void {
    const at = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
    const { hotI } = this.lives.store;
    hotI[at] = hotI[at] | (host ? row.RowFlag.APP_HOST : 0) | (label ? row.RowFlag.APP_LABEL : 0);
  }
}
