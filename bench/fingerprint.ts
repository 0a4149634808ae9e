/** What numbers depend on, without anything that names a machine. */
import { cpus, release, totalmem } from 'node:os';

export interface Fingerprint {
  cpu: string;
  cores: number;
  memory_gib: number;
  kernel: string;
  arch: string;
  node: string;
  versions: Record<string, string>;
}

export function fingerprint(versions: Record<string, string>): Fingerprint {
  const processors = cpus();
  return {
    cpu: (processors[0]?.model ?? 'unknown').replace(/\s+/g, ' ').trim(),
    cores: processors.length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    // Major and minor only: the rest names the builder of the kernel.
    kernel: `${process.platform} ${release().split('.').slice(0, 2).join('.')}`,
    arch: process.arch,
    node: process.versions.node,
    versions,
  };
}
