#include "windivert_batch.h"

namespace weir {
namespace {

constexpr uint32_t kIpv4Header = 20;
constexpr uint32_t kIpv6Header = 40;

// Length of the packet by its IP header; 0 where there is none to believe.
uint32_t length_of(const uint8_t* bytes, uint32_t size) {
  if (size >= kIpv4Header && bytes[0] >> 4 == 4) {
    const uint32_t length = static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
    return length < kIpv4Header ? 0 : length;
  }
  if (size >= kIpv6Header && bytes[0] >> 4 == 6) return kIpv6Header + (static_cast<uint32_t>(bytes[4]) << 8 | bytes[5]);
  return 0;
}

}  // namespace

void split_batch(uint8_t* bytes, uint32_t size, uint32_t count, DivertedPacket* packets) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t left = size - at;
    const uint32_t said = length_of(bytes + at, left);
    const bool usable = said != 0 && said <= left;
    const uint32_t taken = usable && i + 1 < count ? said : left;
    packets[i] = {bytes + at, taken, usable && taken == said};
    at += taken;
  }
}

}  // namespace weir
