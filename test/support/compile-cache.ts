/**
 * Lets the workers of sensors under test reuse compiled code: half of the time of a short run is the compiling of the
 * shard's modules. Import it for its effect in tests that start many sensors.
 */
import { fileURLToPath } from 'node:url';

process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../.cache/compiled', import.meta.url));
