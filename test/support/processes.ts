/** What /proc says about processes: memory, processor time, open descriptors. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold blanks and parentheses: fields are counted from the last ')'.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Processor time used so far by all threads, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid);
  // USER_HZ is 100 in every Linux ABI.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of one process in bytes; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    return statusKilobytes(pid, 'VmRSS') * 1024;
  } catch {
    return 0;
  }
}

/** Highest resident memory of one process so far, in bytes. */
export function peakResidentBytes(pid: number): number {
  return statusKilobytes(pid, 'VmHWM') * 1024;
}

function statusKilobytes(pid: number, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`no ${field} in /proc/${pid}/status`);
  return Number(match[1]);
}

/** The process and all that descend from it. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statFields(Number(name))[1]));
    } catch {
      // It ended between the listing and the reading.
    }
  }
  const tree = [root];
  for (let index = 0; index < tree.length; index++) {
    for (const [pid, parent] of parents) if (parent === tree[index]) tree.push(pid);
  }
  return tree;
}

export function treeResidentBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + residentBytes(pid), 0);
}

/** Samples the resident memory of a process tree until stopped, and keeps the highest sum. */
export class ResidentPeak {
  peakBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(pid: number, everyMs = 50) {
    this.timer = setInterval(() => {
      this.peakBytes = Math.max(this.peakBytes, treeResidentBytes(pid));
    }, everyMs);
  }

  stop(): number {
    clearInterval(this.timer);
    return this.peakBytes;
  }
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function threadCount(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}
