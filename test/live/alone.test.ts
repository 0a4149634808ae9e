/**
 * What measures the machine beside it: packets lost under load, a processor's share, times between programs. In one file,
 * because those run one after the other whatever else does; what runs beside it does so only where this leaves a processor
 * idle. One of them: `vitest run test/live/alone.test.ts -t 'loss on the way'`.
 */
import './alone/detection.ts';
import './alone/full-speed.ts';
import './alone/lifetime.ts';
import './alone/loss.ts';
import './alone/processes.ts';
import './alone/quiet-attacks.ts';
import './alone/serve-reload.ts';
