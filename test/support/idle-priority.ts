/** What loads this, and what it starts, runs where nothing else wants a processor. */
import { execFileSync } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { hasCommand } from './command.ts';

if (process.platform === 'linux' && hasCommand('chrt')) execFileSync('chrt', ['--idle', '--all-tasks', '--pid', '0', String(process.pid)]);
else setPriority(constants.priority.PRIORITY_LOW);
