/** Who this sensor is when nobody said so: the id that the system gave the machine, else its host name. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

const ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

export function machineId(): string {
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
