// An inline capture on Linux: the kernel asks about each packet that a rule sends to the queue, and waits for the answer.
#pragma once
#include <memory>

#include "../base/result.h"
#include "engine_options.h"
#include "live_source.h"

namespace weir {

// Failures: SOURCE_OPEN, SOURCE_PERMISSION.
Result<std::unique_ptr<LiveSource>> open_nfqueue_source(const EngineOptions& options);

}  // namespace weir
