// How packets are diverted out of the system's path and back: WinDivert on Windows, a netfilter queue on Linux.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace weir {

struct DivertOptions {
  // Packets leave the path, and only those that nothing denies are put back. Otherwise copies are looked at.
  bool inline_mode = false;
  // Inline: no SYN that is put back offers larger segments (mss_clamp.h); 0 = nothing is changed.
  uint16_t clamp_mss = 0;
  // WinDivert: absolute path of WinDivert.dll; the filter in its own language; what its kernel queue may hold.
  std::string library;
  std::string filter = "true";
  uint32_t queue_length = 16'384;
  uint32_t queue_time_ms = 2'000;
  // Linux: the number in the rule `queue num N`.
  uint16_t queue = 0;
  // The verdict table (verdict_table.h), shared with the main thread; null = nothing is denied.
  void* verdicts = nullptr;
  size_t verdict_bytes = 0;
};

}  // namespace weir
