// SipHash-1-3 over a few 64-bit words. The caller packs its message so that the last word's top byte holds the length,
// which makes this the published function and keeps messages of different lengths apart.
// J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir {

class SipHash13 {
 public:
  explicit SipHash13(const uint8_t key[16]) {
    uint64_t k0;
    uint64_t k1;
    std::memcpy(&k0, key, sizeof k0);
    std::memcpy(&k1, key + 8, sizeof k1);
    start_[0] = k0 ^ 0x736f6d6570736575ull;
    start_[1] = k1 ^ 0x646f72616e646f6dull;
    start_[2] = k0 ^ 0x6c7967656e657261ull;
    start_[3] = k1 ^ 0x7465646279746573ull;
  }

  template <size_t kWords>
  uint64_t words(const uint64_t (&message)[kWords]) const {
    return run(message, kWords);
  }

  uint64_t run(const uint64_t* message, size_t count) const {
    uint64_t v0 = start_[0];
    uint64_t v1 = start_[1];
    uint64_t v2 = start_[2];
    uint64_t v3 = start_[3];
    for (size_t i = 0; i < count; ++i) {
      v3 ^= message[i];
      round(v0, v1, v2, v3);
      v0 ^= message[i];
    }
    v2 ^= 0xff;
    round(v0, v1, v2, v3);
    round(v0, v1, v2, v3);
    round(v0, v1, v2, v3);
    return v0 ^ v1 ^ v2 ^ v3;
  }

 private:
  static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

  static void round(uint64_t& v0, uint64_t& v1, uint64_t& v2, uint64_t& v3) {
    v0 += v1;
    v2 += v3;
    v1 = rotate(v1, 13) ^ v0;
    v3 = rotate(v3, 16) ^ v2;
    v0 = rotate(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = rotate(v1, 17) ^ v2;
    v3 = rotate(v3, 21) ^ v0;
    v2 = rotate(v2, 32);
  }

  uint64_t start_[4];
};

}  // namespace weir
