/** HASSH and HASSH server (Salesforce, "HASSH - a Profiling Method for SSH Clients and Servers"): MD5 over offered algorithms. */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';

/** The name-lists of an SSH_MSG_KEXINIT (RFC 4253 section 7.1), byte for byte as sent (latin1). */
export interface KexInit {
  kex: string;
  hostKey: string;
  cipherToServer: string;
  cipherToClient: string;
  macToServer: string;
  macToClient: string;
  compressionToServer: string;
  compressionToClient: string;
}

const md5 = (text: string) => hash('md5', Buffer.from(text, 'latin1'));

/** Of the client's KEXINIT: what it offers for its own direction. */
export function hassh(init: KexInit): string {
  return md5([init.kex, init.cipherToServer, init.macToServer, init.compressionToServer].join(';'));
}

/** Of the server's KEXINIT: what it offers for its own direction. */
export function hasshServer(init: KexInit): string {
  return md5([init.kex, init.cipherToClient, init.macToClient, init.compressionToClient].join(';'));
}
