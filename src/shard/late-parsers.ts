/** The parsers, loaded with the first flow that needs them: where readers are native, a replay may have none. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DatagramDissector, StreamDissector } from '../app/dissector.ts';
import type { ProtocolName } from '../app/protocols.ts';
import type { Parsers } from '../app/registry.ts';

export class LateParsers implements Parsers {
  private readonly load: () => Parsers;
  private loaded: Parsers | null = null;

  constructor(load: () => Parsers) {
    this.load = load;
  }

  usualPorts(protocol: ProtocolName): ReadonlySet<number> {
    return this.parsers.usualPorts(protocol);
  }

  streamsFor(serverPort: number): readonly StreamDissector[] {
    return this.parsers.streamsFor(serverPort);
  }

  datagramsFor(serverPort: number, clientPort: number): readonly DatagramDissector[] {
    return this.parsers.datagramsFor(serverPort, clientPort);
  }

  private get parsers(): Parsers {
    this.loaded ??= this.load();
    return this.loaded;
  }
}

/** At once, and on the path of packets: a live capture loads them before it begins. */
export function loadParsers(): Parsers {
  const require = createRequire(import.meta.url);
  // A part of the shard's bundle, or the module itself where nothing is bundled.
  const part = fileURLToPath(new URL('./worker-dissectors.js', import.meta.url));
  const module = require(existsSync(part) ? part : '../app/dissectors.ts') as typeof import('../app/dissectors.ts');
  return module.createRegistry();
}
