/** Node, the addon, and what is linked into it. */
import { type DpiAddon, dpiUnavailable, loadDpi } from '../../native/dpi.ts';
import type { Addon } from '../../native/engine.ts';
import { LAYOUT_VERSION } from '../../ring/layout.ts';
import { absent, type Finding, missing, ok, reasonOf } from './finding.ts';

/** What a source build takes on Debian; elsewhere the packages have other names. */
const BUILD_STEPS = ['sudo apt-get install g++ make python3 libpcap-dev zlib1g-dev libzstd-dev', 'npm run build'];

const NDPI_STEPS = ['sudo apt-get install libndpi-dev', 'npm run build'];

export interface RuntimeFindings {
  findings: Finding[];
  addon: Addon | null;
}

function checkAddon(addon: Addon): Finding {
  const version = addon.layoutVersion();
  if (version !== LAYOUT_VERSION) return missing('addon', `built for memory layout ${version}, this is ${LAYOUT_VERSION}`, ...BUILD_STEPS);
  return ok('addon', `loads; memory layout ${version}, records of ${addon.recordBytes()} bytes`);
}

function checkPcap(addon: Addon): Finding {
  const version = addon.pcapVersion();
  return version === '' ? absent('libpcap', 'not in this build: captures in files are read without filters') : ok('libpcap', version);
}

/** Optional: what our own parsers do not know is named by it. */
function checkNdpi(load: () => Pick<DpiAddon, 'version'> | null): Finding {
  const ndpi = load();
  if (ndpi !== null) return ok('nDPI', `libndpi ${ndpi.version}`);
  const found = absent('nDPI', `protocols are named by the built-in parsers alone (${dpiUnavailable() ?? 'not built'})`);
  return { ...found, fix: NDPI_STEPS };
}

/** `load` gives the addon or throws, `loadNdpi` gives null where there is none. */
export function checkRuntime(load: () => Addon, loadNdpi: () => Pick<DpiAddon, 'version'> | null = loadDpi): RuntimeFindings {
  const node = ok('node', `${process.versions.node} on ${process.platform} ${process.arch}`);
  const ndpi = checkNdpi(loadNdpi);
  try {
    const addon = load();
    return { findings: [node, checkAddon(addon), checkPcap(addon), ndpi], addon };
  } catch (error) {
    const broken = missing('addon', reasonOf(error), ...BUILD_STEPS);
    return { findings: [node, broken, ndpi], addon: null };
  }
}
