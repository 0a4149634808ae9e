/** Who this sensor is when nobody said so: the id that the system gave the machine, else its host name. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** MachineGuid of the registry, null where it cannot be read. */
function machineGuid(): string | null {
  const reg = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'reg.exe');
  const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography';
  try {
    const answer = execFileSync(reg, ['query', key, '/v', 'MachineGuid', '/reg:64'], {
      encoding: 'utf8',
      windowsHide: true,
      stdio: 'pipe',
    });
    return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(answer)?.[1] ?? null;
  } catch {
    return null;
  }
}

export function machineId(): string {
  if (process.platform === 'win32') return machineGuid() ?? hostname();
  for (const path of ID_FILES) {
    try {
      const id = readFileSync(path, 'utf8').trim();
      if (id !== '') return id;
    } catch {
      // Not every system has it.
    }
  }
  return hostname();
}
