/**
 * Names that DNS answers gave to addresses, on their way from the shards to the main thread: as bytes, because objects would
 * cost both threads more than what is done with them. The addon writes the same (`native/app/name_list.h`). Little-endian, an
 * entry right behind the other:
 *
 *    0  float64  stream time of the answer, ns
 *    8  uint32   TTL, s
 *   12  uint8    bytes of the client's address, 4 or 16
 *   13  uint8    bytes of the address that got the name, 4 or 16
 *   14  uint16   bytes of the name
 *   16  the addresses, the name in UTF-8
 */
const HEAD_BYTES = 16;
const LONGEST_NAME = 0xffff;

/** A name that a DNS answer gave to an address, for the client that asked. */
export interface NameReport {
  /** The client's address and the other, 4 or 16 bytes each, as latin1 text. */
  pair: string;
  name: string;
  /** Seconds. */
  ttl: number;
  /** Stream time of the answer, ns. */
  atNs: number;
}

export class NameList {
  private bytes = Buffer.alloc(0);
  private used = 0;
  /** Names in the list. */
  count = 0;

  /** `client`: 4 or 16 bytes as latin1 text. */
  add(atNs: number, ttl: number, client: string, address: Uint8Array, name: string): void {
    const length = Buffer.byteLength(name);
    if (length > LONGEST_NAME) return;
    const at = this.used;
    this.used += HEAD_BYTES + client.length + address.length + length;
    if (this.used > this.bytes.length) this.bytes = Buffer.concat([this.bytes], 2 * this.used);
    const { bytes } = this;
    bytes.writeDoubleLE(atNs, at);
    bytes.writeUInt32LE(ttl, at + 8);
    bytes[at + 12] = client.length;
    bytes[at + 13] = address.length;
    bytes.writeUInt16LE(length, at + 14);
    bytes.write(client, at + HEAD_BYTES, 'latin1');
    bytes.set(address, at + HEAD_BYTES + client.length);
    bytes.write(name, at + HEAD_BYTES + client.length + address.length, 'utf8');
    this.count++;
  }

  /** All of them; the list is empty then. */
  take(): Uint8Array {
    const list = Uint8Array.from(this.bytes.subarray(0, this.used));
    this.used = this.count = 0;
    return list;
  }
}

/** What stands in such a list. */
export function readNames(list: Uint8Array): NameReport[] {
  const bytes = Buffer.from(list.buffer, list.byteOffset, list.byteLength);
  const names: NameReport[] = [];
  for (let at = 0; at < bytes.length; ) {
    const addresses = at + HEAD_BYTES;
    const name = addresses + bytes[at + 12] + bytes[at + 13];
    const end = name + bytes.readUInt16LE(at + 14);
    names.push({
      pair: bytes.toString('latin1', addresses, name),
      name: bytes.toString('utf8', name, end),
      ttl: bytes.readUInt32LE(at + 8),
      atNs: bytes.readDoubleLE(at),
    });
    at = end;
  }
  return names;
}
