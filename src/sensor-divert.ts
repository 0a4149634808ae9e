/** Captures that divert packets: what the engine is told, and what cannot be asked for together or on this system. */
import { dirname, join } from 'node:path';
import type { CaptureInput, SensorOptions } from './config/options.ts';
import { SensorError } from './errors.ts';
import { divertFilter } from './filter/windivert-language.ts';
import type { Addon, DivertOptions, SourceSpec } from './native/engine.ts';
import { addonPath } from './native/load.ts';
import { VerdictTable } from './verdict/table.ts';
import { parseEndpoint, targetOf } from './verdict/target.ts';

/** Each takes two places in the table: TCP and UDP. */
const MOST_MANAGEMENT = 4;

export interface DivertPlan {
  options: DivertOptions;
  source: SourceSpec;
  /** Interfaces, or the way in which packets come. */
  inputs: string[];
  /** null unless inline. */
  verdicts: VerdictTable | null;
}

function refuse(message: string, hint: string): never {
  throw new SensorError('CONFIG', message, { hint });
}

/** @throws SensorError CONFIG */
export function checkDivert(input: CaptureInput, filter: string, platform: NodeJS.Platform = process.platform): void {
  const windows = platform === 'win32';
  const inline = input.active || input.quarantine;
  if (input.quarantine && input.management.length === 0) {
    refuse('a quarantine without management endpoints would lock everybody out', 'name where packets may go: --management ADDRESS:PORT');
  }
  if (input.management.length > MOST_MANAGEMENT) refuse(`at most ${MOST_MANAGEMENT} management endpoints`, 'leave some out');
  for (const text of input.management) {
    if (parseEndpoint(text) === null) refuse(`no endpoint: ${text}`, 'ADDRESS:PORT, for example 192.0.2.9:514 or [2001:db8::9]:514');
  }
  if (input.deny.length > 0 && !inline) refuse('only an inline capture can deny anything', 'add --active');
  if (input.clampMssBytes !== null && !inline) refuse('only an inline capture can change what a SYN offers', '--clamp-mss needs --active');
  for (const text of input.deny) targetOf(text);
  if (!windows && (input.windivertDll !== null || input.windivertFilter !== ''))
    refuse('WinDivert is for Windows', 'leave out --windivert-*');
  if (windows || !inline) return;
  if (input.interfaces.length > 0)
    refuse('an inline capture on Linux takes packets from a netfilter queue, not from interfaces', 'name interfaces in the nft rule');
  if (filter !== '') refuse('an inline capture on Linux takes what its nft rule sends', 'put the condition into the rule');
}

/** On Windows without a named interface: all of them. */
function indexes(names: readonly string[], addon: Addon): number[] {
  const known = addon.listInterfaces();
  return names.map((name) => {
    const found = known.find((nic) => nic.name === name);
    if (found !== undefined) return found.index;
    throw new SensorError('SOURCE_NOT_FOUND', `there is no interface ${name}`, {
      hint: '`weir interfaces` lists them',
      detail: { interface: name },
    });
  });
}

function verdictTable(input: CaptureInput): VerdictTable {
  const table = new VerdictTable();
  for (const target of input.deny) table.deny(target);
  if (input.quarantine) table.quarantine(input.management.flatMap((text) => parseEndpoint(text) ?? []));
  return table;
}

/** null: an ordinary capture by sockets. */
export function divertPlan(options: SensorOptions, addon: Addon, platform: NodeJS.Platform = process.platform): DivertPlan | null {
  const { input, filter, tracking } = options;
  if (input.kind !== 'capture') return null;
  const windows = platform === 'win32';
  const inline = input.active || input.quarantine;
  if (!windows && !inline) return null;
  const verdicts = inline ? verdictTable(input) : null;
  const name = windows ? 'WinDivert' : `nfqueue ${input.nfqueue}`;
  const own = {
    own: input.windivertFilter,
    expression: filter,
    interfaces: indexes(input.interfaces, addon),
    loopback: tracking.includeLoopback,
  };
  return {
    options: {
      inline,
      clampMssBytes: input.clampMssBytes ?? 0,
      library: windows ? (input.windivertDll ?? join(dirname(addonPath()), 'WinDivert.dll')) : '',
      filter: windows ? divertFilter(own) : '',
      queueLength: input.divertQueuePackets,
      queueTimeMs: input.divertQueueMs,
      queue: input.nfqueue,
      verdicts: verdicts?.bytes ?? null,
    },
    source: { kind: 'live', interface: name, fanout: 1 },
    inputs: input.interfaces.length > 0 ? input.interfaces : [name],
    verdicts,
  };
}
