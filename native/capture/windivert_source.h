// Opens WinDivert as a live source. Knows its calls only as a table, so that everything but loading the library runs,
// and is tested, on any system.
#pragma once
#include <memory>

#include "../base/result.h"
#include "engine_options.h"
#include "live_source.h"
#include "windivert_abi.h"
#include "windivert_clock.h"

namespace weir {

// `api` must outlive the source. Failures: SOURCE_OPEN, SOURCE_PERMISSION, SOURCE_NOT_FOUND, FILTER.
Result<std::unique_ptr<LiveSource>> open_divert_source(const EngineOptions& options, const DivertApi& api, int64_t ticks_per_second,
                                                       DivertClock::Sampler sampler);

// What an error of WinDivertOpen or of loading its library means, and what to do.
Failure divert_open_failure(uint32_t error, const std::string& library);

}  // namespace weir
