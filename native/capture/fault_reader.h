// A replay with faults, for tests: every choice comes from the plan's seed, so that a run can be repeated.
#pragma once
#include <memory>

#include "../base/counters.h"
#include "engine_options.h"
#include "frame_reader.h"

namespace weir {

std::unique_ptr<FrameReader> make_fault_reader(const FaultPlan& plan, std::unique_ptr<FrameReader> reader, Counters& counters);

}  // namespace weir
