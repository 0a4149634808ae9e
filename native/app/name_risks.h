// What a name that was asked for tells: letters that no host has, punycode, names drawn by lot (src/app/dga.ts) and names
// that carry bytes (src/app/dns-tunnel.ts). Names are plain text with a dot between labels only.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir {

bool looks_generated(std::string_view name);

// Adds the risks of the name. False where rounding may decide.
bool judge_name(std::string_view name, uint64_t& risks);

}  // namespace weir
