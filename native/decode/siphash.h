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

  uint64_t two_words(uint64_t first, uint64_t second) const {
    State s(start_);
    s.absorb(first);
    s.absorb(second);
    return s.finish();
  }

  uint64_t words(const uint64_t* message, size_t count) const {
    State s(start_);
    for (size_t i = 0; i < count; ++i) s.absorb(message[i]);
    return s.finish();
  }

 private:
  struct State {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;

    explicit State(const uint64_t (&start)[4]) : v0(start[0]), v1(start[1]), v2(start[2]), v3(start[3]) {}

    void absorb(uint64_t word) {
      v3 ^= word;
      round();
      v0 ^= word;
    }

    uint64_t finish() {
      v2 ^= 0xff;
      round();
      round();
      round();
      return v0 ^ v1 ^ v2 ^ v3;
    }

    void round() {
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

    static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  };

  uint64_t start_[4];
};

}  // namespace weir
