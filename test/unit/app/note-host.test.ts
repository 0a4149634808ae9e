/** The host that the note of a flow names, as detection knows it. */
import { describe, expect, it } from 'vitest';
import { hostOfNote } from '../../../src/app/note-writer.ts';

describe('hostOfNote', () => {
  it.each([
    ['{"service":"https","host":"WWW.Example.com.","host_source":"sni"}', 'www.example.com'],
    ['{"host":"a\\"b\\\\c","host_source":"http"}', 'a"b\\c'],
    ['{"service":"https"}', ''],
    ['{"service":"\\"host\\":\\"no\\""}', ''],
  ])('of %s is %j', (note, host) => {
    expect(hostOfNote(note)).toBe(host);
  });
});
