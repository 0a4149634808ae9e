/** Settings of the application's own log. */
import { EVERY, type Setting } from '../setting.ts';

export const LOG_SETTINGS = [
  {
    key: 'log.verbose',
    type: 'count',
    flag: 'verbose',
    short: 'v',
    env: 'WEIR_VERBOSE',
    default: 0,
    max: 3,
    commands: EVERY,
    section: 'Running',
    help: 'Say more, repeatable: -v what happens, -vv details of packets too, -vvv everything',
  },
  {
    key: 'log.file',
    type: 'path',
    stdout: false,
    flag: 'log-file',
    env: 'WEIR_LOG_FILE',
    default: null,
    commands: EVERY,
    section: 'Running',
    help: 'Append the log to this file instead of standard error',
  },
  {
    key: 'log.json',
    type: 'switch',
    flag: 'log-json',
    env: 'WEIR_LOG_JSON',
    default: false,
    commands: EVERY,
    section: 'Running',
    help: 'Log JSON lines instead of text',
  },
] as const satisfies readonly Setting[];
