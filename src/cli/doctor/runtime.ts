/** Node, the addon, and what is linked into it. */
import type { Addon } from '../../native/engine.ts';
import { LAYOUT_VERSION } from '../../ring/layout.ts';
import { absent, type Finding, missing, ok, reasonOf } from './finding.ts';

/** What a source build takes on Debian; elsewhere the packages have other names. */
const BUILD_STEPS = ['sudo apt-get install g++ make python3 libpcap-dev zlib1g-dev libzstd-dev', 'npm run build'];

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

/** `load` gives the addon or throws. */
export function checkRuntime(load: () => Addon): RuntimeFindings {
  const node = ok('node', `${process.versions.node} on ${process.platform} ${process.arch}`);
  const ndpi = absent('nDPI', 'not built in: protocols are named without it');
  try {
    const addon = load();
    return { findings: [node, checkAddon(addon), checkPcap(addon), ndpi], addon };
  } catch (error) {
    const broken = missing('addon', reasonOf(error), ...BUILD_STEPS);
    return { findings: [node, broken, ndpi], addon: null };
  }
}
