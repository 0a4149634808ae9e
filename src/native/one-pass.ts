/** What an engine does that is asked for nothing more than its packets. */
import type { EngineOptions } from './engine.ts';

/** One shard, one pass at full speed, nothing beside the records. */
export const ONE_PASS: Omit<EngineOptions, 'sources' | 'rings'> = {
  shards: 1,
  carryBytes: 0,
  carryTags: null,
  carryIdleMs: 0,
  tap: null,
  tapSelect: { all: false, every: 0, discovery: false },
  recall: null,
  hashKey: new Uint8Array(16),
  tickMs: 1000,
  snaplen: 65_535,
  promiscuous: false,
  timeoutMs: 100,
  bufferMb: 16,
  immediate: false,
  filter: '',
  count: 0,
  speed: { mode: 'max' },
  loop: 1,
  tunnels: true,
  vlanAware: false,
  suppressLoopback: false,
  ownEndpoints: [],
  verifyChecksums: false,
  arp: false,
  writePcap: null,
  fault: null,
  divert: null,
};
