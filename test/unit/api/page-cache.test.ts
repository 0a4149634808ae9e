import { describe, expect, it } from 'vitest';
import { PageCache } from '../../../src/api/page-cache.ts';

function counted() {
  const made: string[] = [];
  const make = (text: string) => () => {
    made.push(text);
    return text;
  };
  return { made, make };
}

describe('texts of pages', () => {
  it('are made once for a key as long as the version stays', () => {
    let version = 1;
    const cache = new PageCache(() => version);
    const { made, make } = counted();
    expect([cache.text('a', make('1')), cache.text('a', make('2')), cache.text('b', make('3'))]).toEqual(['1', '1', '3']);
    version = 2;
    expect([cache.text('a', make('4')), cache.text('b', make('5'))]).toEqual(['4', '5']);
    expect(made).toEqual(['1', '3', '4', '5']);
  });

  it('that were read while the version changed are not taken for the new one', () => {
    let version = 1;
    const cache = new PageCache(() => version);
    cache.text('a', () => {
      version = 2;
      return 'old';
    });
    expect(cache.text('a', () => 'new')).toBe('new');
  });

  it('are all forgotten when they are too many', () => {
    const cache = new PageCache(() => 1);
    const { made, make } = counted();
    cache.text('small', make('small'));
    const large = 'x'.repeat((8 << 20) - 10);
    cache.text('large', () => large);
    cache.text('small', make('small'));
    expect(made).toEqual(['small', 'small']);
    expect(cache.text('larger than all room', () => `${large}${large}`)).toHaveLength(2 * large.length);
  });

  it('keep nothing of what fails', () => {
    const cache = new PageCache(() => 1);
    const failing = () => {
      throw new Error('disk');
    };
    expect(() => cache.text('a', failing)).toThrow('disk');
    expect(cache.text('a', () => 'text')).toBe('text');
  });
});
