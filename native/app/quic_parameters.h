// The transport parameters that a client sends in its ClientHello (RFC 9000 section 18, up to draft 26 as a list with lengths
// of 2 bytes). src/app/quic-parameters.ts.
#pragma once
#include "bytes.h"

namespace weir {

// What Google's clients called themselves in QUIC until 2021; empty when it is not there.
Bytes user_agent_of(Bytes parameters);

}  // namespace weir
