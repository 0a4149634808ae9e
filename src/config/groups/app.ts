/** Settings of the application layer. */
import { EVERY, type Setting } from '../setting.ts';

/** `auto` = both when libndpi is there, else the built-in parsers. */
export const DPI_MODES = ['auto', 'both', 'builtin', 'ndpi', 'off'] as const;
export type DpiMode = (typeof DPI_MODES)[number];

export const APP_SETTINGS = [
  {
    key: 'app.dpi',
    type: 'text',
    flag: 'dpi',
    env: 'WEIR_DPI',
    default: 'auto',
    placeholder: 'MODE',
    check: (value: string) => ((DPI_MODES as readonly string[]).includes(value) ? null : `is none of ${DPI_MODES.join(', ')}`),
    commands: EVERY,
    section: 'Tracking',
    help: 'Who names the application of a flow: builtin, ndpi, both or off; auto = both when libndpi is there, else builtin',
  },
] as const satisfies readonly Setting[];
