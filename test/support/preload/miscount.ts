/**
 * Preloaded into a command with --import: the addon's engine has forgotten to count one frame that it delivered. What a
 * broken increment would do cannot be had from an addon that is sound, so its answer is changed on the way.
 */
import { Counter } from '../../../src/ring/layout.ts';

interface EngineModule {
  exports: { Engine?: new (...args: never[]) => { readCounters(out: Float64Array): void } };
}

const load = process.dlopen.bind(process) as (...args: unknown[]) => void;
process.dlopen = (module: EngineModule, ...rest: unknown[]) => {
  load(module, ...rest);
  const { Engine } = module.exports;
  if (Engine === undefined) return;
  module.exports.Engine = class extends Engine {
    override readCounters(out: Float64Array): void {
      super.readCounters(out);
      if (out[Counter.DELIVERED] > 0) out[Counter.DELIVERED] -= 1;
    }
  };
};
