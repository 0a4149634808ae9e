// Frames built from the inside out: ethernet(0x0800, ipv4(6, tcp(...))). Lengths and IP checksums are right unless a test
// changes them.
#pragma once
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/decode/decoder.h"

namespace build {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes b8(int value) { return {static_cast<uint8_t>(value)}; }
inline Bytes b16(int value) { return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)}; }
inline Bytes b24(int value) { return b8(value >> 16) + b16(value); }
inline Bytes b32(uint32_t value) { return b16(static_cast<int>(value >> 16)) + b16(static_cast<int>(value & 0xffff)); }
inline Bytes text(const char* s) { return Bytes(s, s + std::strlen(s)); }
inline Bytes zeros(size_t count) { return Bytes(count, 0); }

inline Bytes ethernet(int type, const Bytes& payload) {
  return Bytes{0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a} + b16(type) + payload;
}

inline Bytes vlan(int tci, int type, const Bytes& payload) { return b16(tci) + b16(type) + payload; }

struct Ipv4 {
  uint32_t source = 0x0a000001;
  uint32_t destination = 0x0a000002;
  int id = 0x1234;
  int fragment = 0;  // flags and offset field
  int ttl = 64;
  Bytes options;
  int total = -1;  // -1 = the right one
};

inline Bytes ipv4(int protocol, const Bytes& payload, const Ipv4& ip = {}) {
  const int header = 20 + static_cast<int>(ip.options.size());
  const int total = ip.total >= 0 ? ip.total : header + static_cast<int>(payload.size());
  Bytes p = b8(0x40 | header / 4) + b8(0x2e) + b16(total) + b16(ip.id) + b16(ip.fragment) + b8(ip.ttl) + b8(protocol) + b16(0) +
            b32(ip.source) + b32(ip.destination) + ip.options;
  uint32_t sum = 0;
  for (size_t i = 0; i < p.size(); i += 2) sum += static_cast<uint32_t>(p[i] << 8 | p[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  p[10] = static_cast<uint8_t>(~sum >> 8);
  p[11] = static_cast<uint8_t>(~sum);
  return p + payload;
}

inline Bytes address6(int last) {
  Bytes a = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  return a + b16(last);
}

inline Bytes ipv6(int next, const Bytes& payload, int source = 1, int destination = 2, int length = -1) {
  return b32(0x6a200000) + b16(length >= 0 ? length : static_cast<int>(payload.size())) + b8(next) + b8(61) + address6(source) +
         address6(destination) + payload;
}

inline Bytes tcp(int source, int destination, int flags = 0x18, const Bytes& options = {}, const Bytes& payload = {}) {
  const int header = 20 + static_cast<int>(options.size());
  return b16(source) + b16(destination) + b32(1000) + b32(2000) + b8(header / 4 << 4) + b8(flags) + b16(8192) + b16(0) + b16(0) + options +
         payload;
}

inline Bytes udp(int source, int destination, const Bytes& payload = {}) {
  return b16(source) + b16(destination) + b16(8 + static_cast<int>(payload.size())) + b16(0) + payload;
}

inline Bytes icmp(int type, int code, const Bytes& payload = {}) { return b8(type) + b8(code) + b16(0) + b32(0x00010002) + payload; }

// A decoder with its output, fed frame by frame. Copies each frame to memory of exactly its size, so that the address
// sanitizer sees any read past it.
class Bench {
 public:
  explicit Bench(const weir::DecodeOptions& options = {}) : decoder(options) {}

  const weir::Decoded& feed(const Bytes& bytes, int link_type = 1, int wire = -1) {
    frame.link_type = static_cast<uint16_t>(link_type);
    const auto copy = std::make_unique<uint8_t[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
    frame.bytes = copy.get();
    frame.captured = static_cast<uint32_t>(bytes.size());
    frame.wire = wire >= 0 ? static_cast<uint32_t>(wire) : frame.captured;
    frame.ordinal += 1;
    decoder.decode(frame, *out);
    frame.bytes = nullptr;
    return *out;
  }

  // The accounted record.
  const weir::PacketRecord& flow(const Bytes& bytes, int link_type = 1, int wire = -1) {
    return feed(bytes, link_type, wire).records[0].record;
  }

  weir::Decoder decoder;
  weir::Frame frame = start();
  std::unique_ptr<weir::Decoded> out = std::make_unique<weir::Decoded>();

 private:
  static weir::Frame start() {
    weir::Frame first = {};
    first.stripped_vlan = weir::kNoStrippedVlan;
    return first;
  }
};

inline bool has(const weir::PacketRecord& r, weir::RecordFlag flag) { return (r.flags & static_cast<uint16_t>(flag)) != 0; }

inline bool has(const weir::PacketRecord& r, weir::TcpOption option) { return (r.optBits & static_cast<uint8_t>(option)) != 0; }

inline uint64_t hash(const weir::PacketRecord& r) { return uint64_t{r.hashHi} << 32 | r.hashLo; }

inline bool is_flow(const weir::Decoded& out) { return out.disposition == weir::Disposition::kFlow; }

}  // namespace build
