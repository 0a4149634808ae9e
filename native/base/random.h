// A small seeded generator of pseudo-random numbers (xorshift64* with a splitmix64 start): the same numbers on every
// machine, which std:: distributions do not promise.
#pragma once
#include <cstdint>

namespace weir {

class Random {
 public:
  explicit Random(uint64_t seed) {
    uint64_t z = seed + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    state_ = (z ^ (z >> 31)) | 1;
  }

  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dULL;
  }
  // 0 <= result < bound, for bounds below 2^32.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }
  // True with that probability.
  bool chance(double probability) { return static_cast<double>(next() >> 11) < probability * 9007199254740992.0; }

 private:
  uint64_t state_;
};

}  // namespace weir
