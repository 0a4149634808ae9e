/** Which part of a name somebody registered, by the public suffix list (its ICANN section only). */
import { createRequire } from 'node:module';
import type { parse } from 'tldts';

/** Names whose answer is kept; a client asks for the same few hundred again and again. */
const MOST_NAMES = 8192;
const OPTIONS = { allowPrivateDomains: false, extractHostname: false, validateHostname: false } as const;
/** Trees that the list does not know or that nobody registers in. */
const LOCAL_TREES = /(?:^|\.)(?:arpa|local|localdomain|lan|home|internal|intranet|corp|private|test|example|invalid|onion)$/;

/** Stands for every name under a top-level domain that does not exist: tunnels straight to a server need none that does. */
export const NO_TREE = '(no domain)';

export class RegisteredDomains {
  private readonly known = new Map<string, string | null>();

  /** `example.co.uk` of `www.example.co.uk`; `NO_TREE` for names under no tree that there is; null for names of one label, local trees, reverse names and public suffixes. */
  of(name: string): string | null {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    if (this.known.size >= MOST_NAMES) this.known.clear();
    const domain = registeredDomain(name);
    this.known.set(name, domain);
    return domain;
  }
}

let parseName: typeof parse | null = null;

/** Loaded with the first name: the list is the largest module of detection by far, and much traffic has no names. */
function lateParse(): typeof parse {
  if (parseName !== null) return parseName;
  const require = createRequire(import.meta.url);
  parseName = (require('tldts') as { parse: typeof parse }).parse;
  return parseName;
}

function registeredDomain(name: string): string | null {
  if (!name.includes('.') || LOCAL_TREES.test(name)) return null;
  const { domain, isIcann, isIp } = lateParse()(name, OPTIONS);
  if (isIp === true) return null;
  return isIcann === true ? domain : NO_TREE;
}

/** What stands before the registered domain: `www` of `www.example.co.uk`, empty for the domain itself; the whole name under no tree. */
export function subName(name: string, domain: string): string {
  if (domain === NO_TREE) return name;
  return name.length > domain.length ? name.slice(0, name.length - domain.length - 1) : '';
}
