/**
 * A folder of public captures with independent readings of each. WEIR_CORPUS names it, else it is ../shared/corpus; it is not part of the project.
 * Layout: manifest.json, pcap/<file>, truth/<first 16 hex digits of the file's SHA-256>.json.gz, disputes.json beside or above.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export interface ManifestEntry {
  file: string;
  sha256: string;
  packets: number;
  /** Wire bytes. */
  bytes: number;
  linktypes: number[];
  /** The file ends in the middle of a record, or is otherwise not whole. */
  damaged: boolean;
}

/** What tshark says of one TCP conversation; absent numbers are 0. */
export interface TcpTruth {
  syn?: number;
  synack?: number;
  fin?: number;
  rst?: number;
  retx_ab?: number;
  retx_ba?: number;
  ooo_ab?: number;
  ooo_ba?: number;
  /** Seconds. */
  irtt?: number;
  /** One entry for each stream of the tuple. */
  streams?: number[];
  syn_from?: 'a' | 'b';
}

export interface FlowTruth {
  pk_ab?: number;
  pk_ba?: number;
  by_ab?: number;
  by_ba?: number;
  /** Fragments that are in neither of the packet counts. */
  frag_pk?: number;
  /** Why a strict comparison would be unfair: frag, tunnel, snap, malformed. */
  amb?: string[];
  cid?: string[];
  tcp?: TcpTruth;
}

export interface Truth {
  tshark?: { error: string | null; flows: Record<string, FlowTruth> };
  tcptrace?: { k: string; retx: number; ooo: number }[];
}

/** Where it is looked for when WEIR_CORPUS does not say: beside the project. */
const BESIDE = fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/** The corpus's folder, or null when there is none here. */
export function corpusFolder(): string | null {
  const named = process.env.WEIR_CORPUS || BESIDE;
  return [named, join(named, 'open')].find((folder) => existsSync(join(folder, 'manifest.json'))) ?? null;
}

export function readManifest(folder: string): ManifestEntry[] {
  return (JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: ManifestEntry[] }).files;
}

export function capturePath(folder: string, file: string): string {
  return join(folder, 'pcap', file);
}

export function readTruth(folder: string, entry: ManifestEntry): Truth {
  const path = join(folder, 'truth', `${entry.sha256.slice(0, 16)}.json.gz`);
  return existsSync(path) ? (JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as Truth) : {};
}

/** Captures on which the references contradict each other, with the reason. */
export function readDisputes(folder: string): Record<string, string> {
  const path = [join(folder, 'disputes.json'), join(dirname(folder), 'disputes.json')].find((candidate) => existsSync(candidate));
  return path === undefined ? {} : (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>);
}
