/** X Window System, connection setup ("X Window System Protocol", version 11, chapter 8 and appendix B). */
import { Cursor } from './cursor.ts';
import { Progress, type StreamDissector, type StreamHead, Verdict } from './dissector.ts';
import { startsWith, textOf } from './text.ts';

const SETUP_BYTES = 12;
const BIG_ENDIAN = 0x42;
const LITTLE_ENDIAN = 0x6c;
const MAJOR = 11;
const MAX_AUTH_BYTES = 256;
const AUTH_NAMES = ['MIT-MAGIC-COOKIE-1', 'XDM-AUTHORIZATION-1', 'SUN-DES-1', 'MIT-KERBEROS-5'];
const ANSWER_BYTES = 8;
const VENDOR_AT = 40;
const VENDOR_LIMIT = 64;
const STATUS = ['failed', 'success', 'authenticate'];

interface Setup {
  littleEndian: boolean;
  nameBytes: number;
  dataBytes: number;
}

function setupOf({ bytes, length }: StreamHead): Setup | null {
  const littleEndian = bytes[0] === LITTLE_ENDIAN;
  if (length < SETUP_BYTES || (!littleEndian && bytes[0] !== BIG_ENDIAN) || bytes[1] !== 0) return null;
  const cursor = new Cursor(bytes, 2);
  const next = () => (littleEndian ? cursor.u16le() : cursor.u16());
  const [major, minor, nameBytes, dataBytes, unused] = [next(), next(), next(), next(), next()];
  const sane = major === MAJOR && minor <= 6 && nameBytes <= 64 && dataBytes <= MAX_AUTH_BYTES && unused === 0;
  return sane ? { littleEndian, nameBytes, dataBytes } : null;
}

/** Status, version 11.0, and a vendor name inside the length. */
function answersWell({ bytes }: StreamHead, littleEndian: boolean): boolean {
  const cursor = new Cursor(bytes, 2);
  const next = () => (littleEndian ? cursor.u16le() : cursor.u16());
  return bytes[0] <= 2 && next() === MAJOR && next() <= 6;
}

function vendorOf({ bytes, length }: StreamHead, littleEndian: boolean): string {
  const cursor = new Cursor(bytes, 24, length);
  const vendorBytes = littleEndian ? cursor.u16le() : cursor.u16();
  const vendor = new Cursor(bytes, VENDOR_AT, length).part(Math.min(vendorBytes, VENDOR_LIMIT));
  return textOf(vendor.take(vendor.left), VENDOR_LIMIT);
}

export const x11: StreamDissector = {
  transport: 'tcp',
  protocol: 'x11',
  ports: [6000],
  probe([client, server]) {
    if (client.length > 0 && client.bytes[0] !== BIG_ENDIAN && client.bytes[0] !== LITTLE_ENDIAN) return Verdict.NO;
    if (client.length < SETUP_BYTES) return client.complete || server.length > 0 ? Verdict.NO : Verdict.MORE;
    const setup = setupOf(client);
    if (setup === null) return Verdict.NO;
    if (setup.nameBytes > 0) {
      const end = Math.min(client.length, 64);
      if (end < SETUP_BYTES + setup.nameBytes) return client.complete ? Verdict.NO : Verdict.MORE;
      const known = AUTH_NAMES.some((name) => name.length === setup.nameBytes && startsWith(client.bytes, end, name, SETUP_BYTES));
      return known ? Verdict.YES : Verdict.NO;
    }
    // No authentication: eleven bytes with much zero among them; the server must agree.
    if (server.length < ANSWER_BYTES) return server.complete ? Verdict.NO : Verdict.MORE;
    return answersWell(server, setup.littleEndian) ? Verdict.YES : Verdict.NO;
  },
  open({ facts }) {
    let proven = false;
    return {
      get confirmed() {
        return proven;
      },
      advance([client, server]) {
        const setup = setupOf(client);
        if (setup === null) return Progress.BROKEN;
        const section = facts.detail('x11');
        const cursor = new Cursor(client.bytes, SETUP_BYTES, client.length);
        if (setup.nameBytes > 0) section.authentication = textOf(cursor.take(setup.nameBytes), 64);
        if (server.length < VENDOR_AT + VENDOR_LIMIT && !server.complete) return Progress.MORE;
        if (server.length < ANSWER_BYTES) return Progress.DONE;
        proven = answersWell(server, setup.littleEndian);
        section.status = STATUS[server.bytes[0]] ?? 'unknown';
        if (section.status === 'success') section.vendor = vendorOf(server, setup.littleEndian);
        return Progress.DONE;
      },
    };
  },
};
