import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler, HEAD_LIMIT } from '../../../src/app/assembler.ts';

const ISN = 1000;
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const textOf = (head: Assembler) => Buffer.from(head.bytes.subarray(0, head.length)).toString('latin1');

/** A stream behind its SYN; segments are given by their offset in it. */
class Stream {
  readonly head = new Assembler();
  private readonly isn: number;

  constructor(isn = ISN) {
    this.isn = isn;
    this.head.begin(isn);
  }

  add(offset: number, content: string | Uint8Array, wireLength = content.length): boolean {
    const bytes = typeof content === 'string' ? bytesOf(content) : content;
    return this.head.add((this.isn + 1 + offset) | 0, bytes, wireLength);
  }
}

function headOf(...segments: [offset: number, content: string, wireLength?: number][]): Assembler {
  const stream = new Stream();
  for (const [offset, content, wireLength] of segments) stream.add(offset, content, wireLength);
  return stream.head;
}

describe('the head of a stream', () => {
  it('grows with each segment in order, and says so', () => {
    const stream = new Stream();
    expect([stream.add(0, 'GET '), stream.add(4, '/ HT'), stream.add(8, 'TP')]).toEqual([true, true, true]);
    expect(textOf(stream.head)).toBe('GET / HTTP');
    expect(stream.head).toMatchObject({ complete: false, hasGap: false });
  });

  it('begins with the first segment where no SYN was seen', () => {
    const head = new Assembler();
    head.add(77, bytesOf('late'), 4);
    head.add(81, bytesOf('r'), 1);
    expect(textOf(head)).toBe('later');
  });

  it('begins once: a second SYN moves nothing', () => {
    const { head } = new Stream();
    head.begin(999_999);
    head.add(ISN + 1, bytesOf('a'), 1);
    expect(textOf(head)).toBe('a');
  });

  it('is a copy: the bytes of a segment are only borrowed, also while they wait', () => {
    const [first, ahead] = [bytesOf('ab'), bytesOf('cd')];
    const stream = new Stream();
    stream.add(2, ahead);
    ahead.fill(0);
    stream.add(0, first);
    first.fill(0);
    expect(textOf(stream.head)).toBe('abcd');
  });

  it('goes on over the wrap of sequence numbers, in order and out of it', () => {
    const forward = new Stream(0xffff_fffd);
    forward.add(0, 'ab');
    forward.add(2, 'cd');
    expect(textOf(forward.head)).toBe('abcd');
    const backward = new Stream(0x7fff_fffd);
    backward.add(2, 'cd');
    backward.add(0, 'ab');
    expect(textOf(backward.head)).toBe('abcd');
  });

  it('passes over keep-alives and what was sent before its start', () => {
    const stream = new Stream();
    expect(stream.add(-1, 'x')).toBe(false);
    stream.add(0, 'ab');
    expect(stream.add(1, 'x')).toBe(false);
    expect(stream.add(-5, 'xxxxx')).toBe(false);
    expect(textOf(stream.head)).toBe('ab');
  });

  it('takes the rest of a segment that begins before it', () => {
    expect(textOf(headOf([-2, 'xxab']))).toBe('ab');
  });
});

describe('overlaps: the first copy of a byte wins', () => {
  it('against a later segment over bytes that were read', () => {
    expect(textOf(headOf([0, 'aaaa'], [2, 'BBBB']))).toBe('aaaaBB');
  });

  it('of a waiting segment against what fills the hole before it', () => {
    expect(textOf(headOf([4, 'aaaa'], [0, 'BBBBBBBBBB']))).toBe('BBBBaaaaBB');
  });

  it('among waiting segments, whichever begins first', () => {
    expect(textOf(headOf([4, 'aaaa'], [2, 'BBBBBBBB'], [0, 'cc']))).toBe('ccBBaaaaBB');
    expect(textOf(headOf([2, 'BBBB'], [4, 'aaaa'], [0, 'cc']))).toBe('ccBBBBaa');
  });

  it('whatever segments say, of every single byte', () => {
    const segments = fc.array(fc.record({ at: fc.integer({ min: 0, max: 60 }), length: fc.integer({ min: 1, max: 20 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(segments, (list) => {
        const stream = new Stream();
        const first = new Array<number>(100).fill(0);
        list.forEach(({ at, length }, index) => {
          stream.add(at, new Uint8Array(length).fill(index + 1));
          for (let i = at; i < at + length; i++) first[i] ||= index + 1;
        });
        expect([...stream.head.bytes.subarray(0, stream.head.length)]).toEqual(first.slice(0, first.indexOf(0)));
      }),
    );
  });
});

describe('holes', () => {
  it('hold back what is behind them until they are filled', () => {
    const stream = new Stream();
    expect(stream.add(2, 'cd')).toBe(false);
    expect(stream.head.length).toBe(0);
    expect(stream.add(0, 'ab')).toBe(true);
    expect(textOf(stream.head)).toBe('abcd');
  });

  it('are given up when no more segments can wait', () => {
    const stream = new Stream();
    stream.add(0, 'ab');
    let waiting = 0;
    while (!stream.add(10 + waiting, 'x')) waiting++;
    expect(waiting).toBe(24);
    expect(stream.head).toMatchObject({ length: 2, complete: true, hasGap: true });
    expect(stream.add(2, 'cd')).toBe(false);
    expect(stream.head.held).toBeLessThanOrEqual(1024);
  });
});

describe('the limit of 16 KiB', () => {
  it('completes the head with exactly that many bytes', () => {
    const stream = new Stream();
    for (let at = 0; at < HEAD_LIMIT + 3000; at += 1460) stream.add(at, new Uint8Array(1460).fill(at & 255));
    expect(stream.head).toMatchObject({ length: HEAD_LIMIT, complete: true, hasGap: false });
  });

  it('holds for what waits, too', () => {
    const stream = new Stream();
    for (let at = HEAD_LIMIT - 100; at < 3 * HEAD_LIMIT; at += 1000) stream.add(at, new Uint8Array(1000));
    expect(stream.head.held).toBe(100);
  });
});

describe('segments that were captured in part', () => {
  it('end the head behind the bytes that are there', () => {
    const stream = new Stream();
    expect(stream.add(0, 'ab', 100)).toBe(true);
    expect(textOf(stream.head)).toBe('ab');
    expect(stream.head).toMatchObject({ complete: true, hasGap: true });
  });

  it('end it also when they had to wait', () => {
    const head = headOf([2, 'cd', 100], [0, 'ab']);
    expect(textOf(head)).toBe('abcd');
    expect(head).toMatchObject({ complete: true, hasGap: true });
  });

  it('change nothing when all of them was there before', () => {
    const head = headOf([0, 'abcdef'], [0, 'ab', 6], [6, 'gh']);
    expect(textOf(head)).toBe('abcdefgh');
    expect(head).toMatchObject({ complete: false, hasGap: false });
  });
});

describe('any order', () => {
  it('of any cuts, with any repetition and overlap of equal bytes, gives the same head', () => {
    const arrivals = fc.record({
      length: fc.integer({ min: 1, max: 200 }),
      cuts: fc.array(fc.nat(199), { maxLength: 8 }),
      extra: fc.array(fc.tuple(fc.nat(199), fc.integer({ min: 1, max: 60 })), { maxLength: 8 }),
      order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
      isn: fc.constantFrom(0, ISN, 0x7fff_ffc0, 0xffff_ff80),
    });
    fc.assert(
      fc.property(arrivals, ({ length, cuts, extra, order, isn }) => {
        const sent = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
        const bounds = [...new Set([0, ...cuts.filter((cut) => cut < length), length])].sort((a, b) => a - b);
        const pieces = bounds.slice(0, -1).map((from, i) => [from, bounds[i + 1]] as const);
        const copies = extra.filter(([from]) => from < length).map(([from, size]) => [from, Math.min(from + size, length)] as const);
        const shuffled = [...pieces, ...copies].map((piece, i) => ({ piece, key: order[i % order.length] })).sort((a, b) => a.key - b.key);
        const stream = new Stream(isn);
        for (const { piece } of shuffled) stream.add(piece[0], sent.subarray(piece[0], piece[1]));
        expect([...stream.head.bytes.subarray(0, stream.head.length)]).toEqual([...sent]);
        expect(stream.head.hasGap).toBe(false);
      }),
    );
  });
});
