/** Windows: can WinDivert be opened? Asked for by opening it with a filter that takes nothing. */
import { dirname, join } from 'node:path';
import type { Addon } from '../../native/engine.ts';
import { addonPath } from '../../native/load.ts';
import { absent, type Finding, missing, ok } from './finding.ts';

const NPCAP = 'not used: its licence allows no bundling, and WinDivert sees what it would, without the link layer';

/** `library` null: the one beside the addon. */
export function checkWindivert(addon: Pick<Addon, 'probeDivert'>, library: string | null, besideAddon = addonPath): Finding[] {
  const path = library ?? join(dirname(besideAddon()), 'WinDivert.dll');
  const failure = addon.probeDivert(path);
  const hints = failure === null || failure.hint === '' || failure.hint === 'weir doctor' ? [] : [failure.hint];
  const finding =
    failure === null ? ok('WinDivert', `${path} opens; live capture is allowed`) : missing('WinDivert', failure.message, ...hints);
  return [finding, absent('Npcap', NPCAP)];
}
