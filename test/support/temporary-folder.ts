import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private folder under the system's temporary one, removed on disposal. */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  constructor(purpose = 'test') {
    this.path = mkdtempSync(join(tmpdir(), `weir-${purpose}-`));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
