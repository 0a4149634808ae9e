// The state of each end of a connection and of the whole, moved by control flags as src/flow/endpoints.ts does.
#pragma once
#include <cstdint>

#include "rows.h"

namespace weir {

// Takes in one segment, the way Zeek's endpoint state machine does.
void move_endpoints(const Row& row, uint32_t side, uint8_t flags, uint32_t length);

// The connection's state after a segment; its acknowledgement is already in the row.
void advance_connection(const Row& row, uint32_t side, uint8_t flags);

// True when plain segments change neither endpoint nor the connection's state.
bool is_quiet(const Row& row);

}  // namespace weir
