/** ONC RPC version 2 messages (RFC 5531 section 9) and what is read of NFS, MOUNT, portmapper and NLM calls. */
import { Cursor } from './cursor.ts';
import type { AppFacts } from './facts.ts';
import { pushUnique } from './framed-session.ts';
import type { ProtocolName } from './protocols.ts';
import { textOf } from './text.ts';

const CALL = 0;
const RPC_VERSION = 2;
const AUTH_SYS = 1;
const MAX_AUTH_BYTES = 400;
const MAX_PROCEDURES = 16;
const LARGEST_PROCEDURE = 1023;
const LARGEST_VERSION = 32;
export const CALL_BYTES = 40;
export const REPLY_BYTES = 24;
const NFS = 100_003;
const MOUNT = 100_005;

/** Assigned programs (IANA, "Remote Procedure Call (RPC) Program Numbers"). */
const PROGRAMS: Readonly<Record<number, string>> = {
  100000: 'portmap',
  100001: 'rstat',
  100002: 'rusers',
  [NFS]: 'nfs',
  100004: 'ypserv',
  [MOUNT]: 'mount',
  100007: 'ypbind',
  100008: 'rwall',
  100009: 'yppasswd',
  100011: 'rquota',
  100012: 'spray',
  100020: 'llockmgr',
  100021: 'nlm',
  100024: 'statd',
  100068: 'cmsd',
  100083: 'ttdbserver',
  100133: 'nsm_addrand',
  100227: 'nfs_acl',
  100232: 'sadmind',
  300019: 'amd',
  390113: 'legato',
  395183: 'vxi11',
  395648: 'vxi11_core',
};
/** Authentication flavours (RFC 5531 section 8.2, RFC 2695, RFC 5403). */
const FLAVOURS = new Set([0, 1, 2, 3, 6, 300_001, 390_003, 390_004, 390_005]);

const NFS_PROCEDURES = [
  'null',
  'getattr',
  'setattr',
  'lookup',
  'access',
  'readlink',
  'read',
  'write',
  'create',
  'mkdir',
  'symlink',
  'mknod',
  'remove',
];
const NFS_PROCEDURES_LAST = ['rmdir', 'rename', 'link', 'readdir', 'readdirplus', 'fsstat', 'fsinfo', 'pathconf', 'commit'];
const NFS3 = [...NFS_PROCEDURES, ...NFS_PROCEDURES_LAST];
const MOUNT_PROCEDURES = ['null', 'mnt', 'dump', 'umnt', 'umntall', 'export'];
const PORTMAP_PROCEDURES = ['null', 'set', 'unset', 'getport', 'dump', 'callit'];

export interface RpcCall {
  xid: number;
  program: number;
  version: number;
  procedure: number;
}

/** The call at `at`: null when it is none; needs CALL_BYTES. `size` = bytes of the whole message. */
export function callAt(bytes: Uint8Array, at: number, end: number, size: number): RpcCall | null {
  const cursor = new Cursor(bytes, at, end);
  const xid = cursor.u32();
  const type = cursor.u32();
  const rpcVersion = cursor.u32();
  const program = cursor.u32();
  const version = cursor.u32();
  const procedure = cursor.u32();
  const flavour = cursor.u32();
  const credentialBytes = cursor.u32();
  if (cursor.overrun || type !== CALL || rpcVersion !== RPC_VERSION) return null;
  const isProgram = program in PROGRAMS || (program >= 100_000 && program < 0x60000000);
  if (!isProgram || version > LARGEST_VERSION || procedure > LARGEST_PROCEDURE) return null;
  if (!FLAVOURS.has(flavour) || credentialBytes > MAX_AUTH_BYTES || credentialBytes + CALL_BYTES > size) return null;
  if (program === NFS && (version < 2 || version > 4)) return null;
  return { xid, program, version, procedure };
}

/** xid of a reply at `at`: null when it is none. Needs REPLY_BYTES, except for refused calls. */
export function replyAt(bytes: Uint8Array, at: number, end: number): number | null {
  const cursor = new Cursor(bytes, at, end);
  const xid = cursor.u32();
  const type = cursor.u32();
  const state = cursor.u32();
  if (cursor.overrun || type !== 1 || state > 1) return null;
  if (state === 1) return cursor.u32() <= 1 && !cursor.overrun ? xid : null;
  const flavour = cursor.u32();
  return FLAVOURS.has(flavour) && cursor.u32() <= MAX_AUTH_BYTES && !cursor.overrun ? xid : null;
}

function procedureName({ program, version, procedure }: RpcCall): string {
  if (program === NFS && version === 3) return NFS3[procedure] ?? String(procedure);
  if (program === NFS && version === 4) return procedure === 1 ? 'compound' : 'null';
  if (program === MOUNT) return MOUNT_PROCEDURES[procedure] ?? String(procedure);
  if (program === 100_000) return PORTMAP_PROCEDURES[procedure] ?? String(procedure);
  return String(procedure);
}

/** Collects over the calls of one flow. */
export class RpcFacts {
  label: ProtocolName = 'rpc';
  readonly #facts: AppFacts;
  readonly #programs: string[] = [];
  readonly #procedures: string[] = [];
  readonly #paths: string[] = [];

  constructor(facts: AppFacts) {
    this.#facts = facts;
  }

  add(call: RpcCall, message: Uint8Array): void {
    const section = this.#facts.detail('rpc');
    const name = PROGRAMS[call.program] ?? String(call.program);
    if (call.program === NFS) this.label = 'nfs';
    pushUnique(this.#programs, `${name} ${call.version}`, MAX_PROCEDURES);
    pushUnique(this.#procedures, procedureName(call), MAX_PROCEDURES);
    section.programs = [...this.#programs];
    section.procedures = [...this.#procedures];
    const cursor = new Cursor(message, 24);
    const flavour = cursor.u32();
    const credentials = cursor.part(cursor.u32());
    if (flavour === AUTH_SYS && section.machine === undefined) this.#readIdentity(credentials);
    cursor.skip(4);
    cursor.skip(cursor.u32());
    this.#readArguments(call, cursor);
  }

  #readIdentity(credentials: Cursor): void {
    const section = this.#facts.detail('rpc');
    credentials.skip(4);
    const length = credentials.u32();
    const machine = textOf(credentials.take(Math.min(length, 255)), 255);
    credentials.skip((4 - (length & 3)) & 3);
    const uid = credentials.u32();
    const gid = credentials.u32();
    if (credentials.overrun) return;
    section.machine = machine;
    section.uid = uid;
    section.gid = gid;
  }

  #readArguments({ program, version, procedure }: RpcCall, cursor: Cursor): void {
    const section = this.#facts.detail('rpc');
    if (program === MOUNT && (procedure === 1 || procedure === 3)) {
      pushUnique(this.#paths, textOf(cursor.take(cursor.u32()), 255), MAX_PROCEDURES);
      if (this.#paths.length > 0) section.paths = [...this.#paths];
    } else if (program === 100_000 && version === 2 && procedure === 3) {
      const wanted = cursor.u32();
      if (!cursor.overrun) section.asks_for = PROGRAMS[wanted] ?? String(wanted);
    } else if (program === NFS && version === 3 && (procedure === 3 || procedure === 8 || procedure === 9 || procedure === 12)) {
      // A file handle, then a name.
      const handle = cursor.take(cursor.u32());
      cursor.skip((4 - (handle.length & 3)) & 3);
      const name = textOf(cursor.take(Math.min(cursor.u32(), 255)), 255);
      if (cursor.overrun) return;
      pushUnique(this.#paths, name, MAX_PROCEDURES);
      section.paths = [...this.#paths];
    }
  }
}
