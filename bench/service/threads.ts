/** Where the processor goes: time on it, and time spent waiting for it, per thread of this process (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

export interface ThreadTime {
  name: string;
  /** Seconds on a processor. */
  ran: number;
  /** Seconds ready to run while others ran. */
  waited: number;
}

/** By thread number. Empty where the system does not tell. */
export function threadTimes(): Map<string, ThreadTime> {
  const times = new Map<string, ThreadTime>();
  let tasks: string[] = [];
  try {
    tasks = readdirSync('/proc/self/task');
  } catch {
    return times;
  }
  for (const task of tasks) {
    try {
      const [ran = 0, waited = 0] = readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ').map(Number);
      const name = readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim();
      times.set(task, { name, ran: ran / 1e9, waited: waited / 1e9 });
    } catch {
      // It has ended.
    }
  }
  return times;
}

/** What was added since `before`, threads of one name together, the busiest first. */
export function threadTimesSince(before: Map<string, ThreadTime>): ThreadTime[] {
  const sums = new Map<string, ThreadTime>();
  for (const [task, { name, ran, waited }] of threadTimes()) {
    const start = before.get(task) ?? { ran: 0, waited: 0 };
    const sum = sums.get(name) ?? { name, ran: 0, waited: 0 };
    sums.set(name, { name, ran: sum.ran + ran - start.ran, waited: sum.waited + waited - start.waited });
  }
  return [...sums.values()].filter(({ ran }) => ran > 0.01).toSorted((a, b) => b.ran - a.ran);
}
