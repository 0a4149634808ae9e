/** Compresses a file behind what a compressed one already holds: gzip files may be joined (RFC 1952, section 2.2). */
import { copyFileSync, createReadStream, createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** `target` is replaced when it is complete; then `source` goes. */
export async function compressInto(source: string, target: string): Promise<void> {
  const partial = `${target}.partial`;
  // Moved first: rows that come meanwhile begin a new file and are not lost with this one. One that was moved and not
  // compressed, because the program ended, has its turn first.
  const moved = `${source}.closed`;
  if (!existsSync(moved)) renameSync(source, moved);
  try {
    if (existsSync(target)) copyFileSync(target, partial);
    else rmSync(partial, { force: true });
    await pipeline(createReadStream(moved), createGzip(), createWriteStream(partial, { flags: 'a', mode: 0o640 }));
    renameSync(partial, target);
    rmSync(moved);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
