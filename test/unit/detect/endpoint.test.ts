import { describe, expect, it } from 'vitest';
import { endpointOf, endpointText } from '../../../src/detect/endpoint.ts';

describe('an end of a conversation as text', () => {
  it.each([
    ['10.0.0.1', 80, '10.0.0.1:80'],
    ['2001:db8::1', 443, '[2001:db8::1]:443'],
  ])('%s and %i there and back', (address, port, text) => {
    expect(endpointText(address, port)).toBe(text);
    expect(endpointOf(text)).toEqual({ address, port });
    expect(endpointOf(address)).toEqual({ address, port: null });
  });

  it('is not a name, a MAC, or something nearly right', () => {
    for (const text of ['', 'example.com', 'example.com:80', '02:00:00:00:00:0a', '10.0.0.1:65536', '10.0.0.1:', '[::1', '10.0.0'])
      expect(endpointOf(text), text).toBeNull();
  });

  it('takes an address that ends like a port for an address', () => {
    expect(endpointOf('2001:db8::1:443')).toEqual({ address: '2001:db8::1:443', port: null });
  });
});
