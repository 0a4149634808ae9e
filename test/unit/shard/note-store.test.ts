import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NoteStore } from '../../../src/shard/note-store.ts';

const MIB = 1 << 20;

it('gives back what it was given, slot by slot', () => {
  const store = new NoteStore(8, MIB);
  store.set(0, 'one');
  store.set(7, 'ünï – 日本');
  expect([store.get(0), store.get(3), store.get(7)]).toEqual(['one', '', 'ünï – 日本']);
  store.delete(0);
  store.set(0, 'another');
  expect([store.get(0), store.get(7)]).toEqual(['another', 'ünï – 日本']);
});

it('counts the bytes that it holds', () => {
  const store = new NoteStore(4, MIB);
  store.set(0, 'é');
  store.set(1, 'x'.repeat(10_000));
  expect(store.bytes).toBe(10_002);
  store.delete(0);
  store.delete(1);
  store.delete(2);
  expect(store.bytes).toBe(0);
});

it('keeps what finds no room beside its slabs, and uses their blocks again', () => {
  const rows = 1000;
  const store = new NoteStore(rows, MIB);
  const note = (slot: number) => `${slot}`.padEnd(2000, '.');
  for (let round = 0; round < 3; round++) {
    for (let slot = 0; slot < rows; slot++) store.set(slot, note(slot));
    for (let slot = 0; slot < rows; slot++) expect(store.get(slot)).toBe(note(slot));
    expect(store.bytes).toBe(rows * 2000);
    for (let slot = 0; slot < rows; slot++) store.delete(slot);
  }
  expect(store.bytes).toBe(0);
});

it('is a map of slots to texts, whatever the order', () => {
  const step = fc.record({ slot: fc.nat(15), text: fc.string({ unit: 'grapheme', maxLength: 600 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new NoteStore(16, MIB);
      const expected = new Map<number, string>();
      for (const { slot, text } of steps) {
        store.delete(slot);
        store.set(slot, text);
        expected.set(slot, text);
      }
      for (let slot = 0; slot < 16; slot++) expect(store.get(slot)).toBe(expected.get(slot) ?? '');
    }),
  );
});
