/** All checks in order. None throws: what cannot be checked is a finding as well. */
import { readFileSync } from 'node:fs';
import type { SensorOptions } from '../../config/options.ts';
import { SensorError } from '../../errors.ts';
import { loadAddon } from '../../native/load.ts';
import { type Finding, missing, ok, reasonOf } from './finding.ts';
import { checkInterfaces } from './interfaces.ts';
import { availableBytes, checkBacklog, checkKernelRings, checkMemory } from './memory.ts';
import { checkOutputs } from './outputs.ts';
import { checkPrivileges, checkProcesses } from './privileges.ts';
import { checkRuntime } from './runtime.ts';
import { checkWindivert } from './windivert.ts';

export interface Configuration {
  configPath: string | null;
  options: SensorOptions;
  logFile: string | null;
  interfaces: readonly string[];
}

function readMeminfo(): string {
  try {
    return readFileSync('/proc/meminfo', 'utf8');
  } catch {
    return '';
  }
}

function checkConfigured({ configPath, options, logFile }: Configuration): Finding[] {
  const available = availableBytes(readMeminfo(), process.constrainedMemory());
  const { input } = options;
  const sockets = input.kind === 'capture' ? Math.max(1, input.interfaces.length) * input.fanout : 1;
  const bufferMb = input.kind === 'capture' ? input.bufferMb : 0;
  return [
    ok('configuration', configPath ?? 'no file, defaults and environment'),
    ...checkOutputs(options.output, logFile),
    checkMemory(options.tracking.maxFlows, available),
    ...(process.platform === 'win32' ? [] : [checkKernelRings(bufferMb, sockets, available), checkBacklog()]),
  ];
}

/** `configure` reads the configuration; it may throw, which is a finding. */
export async function diagnose(configure: () => Configuration, load = loadAddon): Promise<Finding[]> {
  const { findings, addon } = checkRuntime(load);
  const windows = process.platform === 'win32';
  if (!windows) findings.push(checkPrivileges(), checkProcesses());
  let configuration: Configuration | null = null;
  let broken: Finding | null = null;
  try {
    configuration = configure();
  } catch (error) {
    const hint = error instanceof SensorError && error.hint !== undefined ? [error.hint] : [];
    broken = missing('configuration', reasonOf(error), ...hint, 'weir capture --print-config shows what is in force once it is right');
  }
  if (windows && addon !== null) {
    const input = configuration?.options.input;
    findings.push(...checkWindivert(addon, input?.kind === 'capture' ? input.windivertDll : null));
  }
  if (addon !== null) findings.push(...checkInterfaces(configuration?.interfaces ?? [], addon.listInterfaces()));
  if (broken !== null) findings.push(broken);
  if (configuration !== null) findings.push(...checkConfigured(configuration));
  return findings;
}
