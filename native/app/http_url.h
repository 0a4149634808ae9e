// Risks of the target of an HTTP request: `riskOfTarget` of src/app/http-risks.ts, as far as it needs no regular expressions.
#pragma once
#include <cstdint>

#include "bytes.h"

namespace weir {

// `target`: plain text of at most kHttpTextLimit bytes. False for what an attack may be.
bool add_target_risks(Bytes target, uint64_t& risks);

}  // namespace weir
