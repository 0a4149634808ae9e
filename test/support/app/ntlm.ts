/** NTLM messages as MS-NLMP section 2.2.1 lays them out. */
import { join, le, utf16 } from './steady.ts';

const pair = (id: number, text: string) => join(le(id, 2), le(text.length * 2, 2), utf16(text));
const VERSION_10_0_17763 = join(10, 0, le(17_763, 2), 0, 0, 0, 15);

export function ntlmChallenge(): Uint8Array {
  const target = join(pair(2, 'EXAMPLE'), pair(1, 'FILES'), pair(4, 'example.org'), pair(3, 'files.example.org'), le(0, 4));
  const fields = join(le(0, 2), le(0, 2), le(56, 4), le(0x02000001, 4), 'challeng', new Uint8Array(8));
  return join('NTLMSSP\0', le(2, 4), fields, le(target.length, 2), le(target.length, 2), le(56, 4), VERSION_10_0_17763, target);
}

export function ntlmAuthenticate(): Uint8Array {
  let at = 72;
  const bodies: Uint8Array[] = [];
  const field = (body: Uint8Array) => {
    bodies.push(body);
    at += body.length;
    return join(le(body.length, 2), le(body.length, 2), le(at - body.length, 4));
  };
  const texts = ['EXAMPLE', 'alice', 'LAPTOP'].map((text) => field(utf16(text)));
  const answers = [field(join('l'.repeat(24))), field(join('n'.repeat(24))), field(join('k'.repeat(16)))];
  return join('NTLMSSP\0', le(3, 4), answers[0], answers[1], ...texts, answers[2], le(0x00000001, 4), new Uint8Array(8), ...bodies);
}
