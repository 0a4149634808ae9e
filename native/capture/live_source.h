// What is captured live: something that was opened, and is then emptied by a capture thread of its own.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../base/counters.h"
#include "../base/result.h"
#include "run_state.h"

namespace weir {

class LiveSource {
 public:
  virtual ~LiveSource() = default;
  // Before run().
  virtual ThreadFacts facts() const = 0;
  // The capture thread, from its first packet to its END records.
  virtual void run(RunState& run, uint32_t thread, Counters& counters) = 0;
  // Puts another filter in the place of the one in force; what is wrong with it, '' = nothing. Any thread.
  virtual std::string replace_filter(const std::string& expression) const {
    (void)expression;
    return "the filter of this source cannot be changed while it runs";
  }
};

// Opens everything that the run captures from, in the order of its threads. Each platform has its own.
// Failures: SOURCE_NOT_FOUND, SOURCE_PERMISSION, SOURCE_OPEN, FILTER.
Result<std::vector<std::unique_ptr<LiveSource>>> open_live_sources(const EngineOptions& options);

}  // namespace weir
