// TCP segments for the tests of mss_clamp.h, and checksums summed byte by byte: it shares no code with what it checks.
#pragma once
#include <cstdint>
#include <vector>

namespace syn {

using Bytes = std::vector<uint8_t>;

struct Packet {
  Bytes bytes;
  uint32_t tcp_at = 0;
};

// An MSS of 1460.
inline const Bytes kEthernetMss = {2, 4, 0x05, 0xb4};

struct Shape {
  bool ipv6 = false;
  uint8_t flags = 0x02;
  Bytes options = kEthernetMss;
  Bytes payload;
  Bytes ipv4_options;
  // IPv6 extension headers, each {kind, its bytes with a zero in the place of the next kind}.
  std::vector<std::pair<uint8_t, Bytes>> extensions;
  uint16_t urgent = 0;
};

inline void put16(Bytes& to, uint32_t value) {
  to.push_back(static_cast<uint8_t>(value >> 8));
  to.push_back(static_cast<uint8_t>(value));
}

inline uint32_t get16(const uint8_t* p) { return static_cast<uint32_t>(p[0]) << 8 | p[1]; }

inline uint32_t sum16(const uint8_t* p, uint32_t length) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < length; ++i) {
    sum += static_cast<uint32_t>(p[i]) << (i % 2 == 0 ? 8 : 0);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

inline uint32_t pseudo_sum(const Packet& packet) {
  const bool ipv6 = packet.bytes[0] >> 4 == 6;
  const uint32_t length = static_cast<uint32_t>(packet.bytes.size()) - packet.tcp_at;
  const uint32_t sum = sum16(packet.bytes.data() + (ipv6 ? 8 : 12), ipv6 ? 32 : 8) + length + 6;
  return (sum & 0xffff) + (sum >> 16);
}

inline bool is_valid(const Packet& packet) {
  const uint32_t length = static_cast<uint32_t>(packet.bytes.size()) - packet.tcp_at;
  const uint32_t sum = pseudo_sum(packet) + sum16(packet.bytes.data() + packet.tcp_at, length);
  return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

inline void write_checksum(Packet& packet) {
  uint8_t* const field = packet.bytes.data() + packet.tcp_at + 16;
  field[0] = field[1] = 0;
  const uint32_t length = static_cast<uint32_t>(packet.bytes.size()) - packet.tcp_at;
  uint32_t sum = pseudo_sum(packet) + sum16(packet.bytes.data() + packet.tcp_at, length);
  sum = ~((sum & 0xffff) + (sum >> 16));
  field[0] = static_cast<uint8_t>(sum >> 8);
  field[1] = static_cast<uint8_t>(sum);
}

inline void put_ipv4(Packet& packet, const Shape& shape, uint32_t tcp_bytes) {
  Bytes& bytes = packet.bytes;
  const uint32_t header = 20 + static_cast<uint32_t>(shape.ipv4_options.size());
  bytes = {static_cast<uint8_t>(0x40 | header / 4), 0};
  put16(bytes, header + tcp_bytes);
  const Bytes rest = {0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 10, 198, 51, 100, 20};
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  bytes.insert(bytes.end(), shape.ipv4_options.begin(), shape.ipv4_options.end());
}

inline void put_ipv6(Packet& packet, const Shape& shape, uint32_t tcp_bytes) {
  Bytes& bytes = packet.bytes;
  bytes = {0x60, 0, 0, 0};
  for (const auto& [kind, extension] : shape.extensions) tcp_bytes += static_cast<uint32_t>(extension.size());
  put16(bytes, tcp_bytes);
  bytes.insert(bytes.end(), {6, 64});
  for (uint8_t i = 0; i < 32; ++i) bytes.push_back(i % 16 == 0 ? 0x20 : i);
  size_t next_at = 6;
  for (const auto& [kind, extension] : shape.extensions) {
    bytes[next_at] = kind;
    next_at = bytes.size();
    bytes.insert(bytes.end(), extension.begin(), extension.end());
    bytes[next_at] = 6;
  }
}

// Options are padded with end-of-options to whole words.
inline Packet make(Shape shape) {
  while (shape.options.size() % 4 != 0) shape.options.push_back(0);
  Packet packet;
  const uint32_t header = 20 + static_cast<uint32_t>(shape.options.size());
  const uint32_t tcp_bytes = header + static_cast<uint32_t>(shape.payload.size());
  if (shape.ipv6) put_ipv6(packet, shape, tcp_bytes);
  else put_ipv4(packet, shape, tcp_bytes);
  Bytes& bytes = packet.bytes;
  packet.tcp_at = static_cast<uint32_t>(bytes.size());
  put16(bytes, 49152);
  put16(bytes, 443);
  bytes.insert(bytes.end(), {1, 2, 3, 4, 0, 0, 0, 0, static_cast<uint8_t>(header << 2), shape.flags, 0xfa, 0xf0, 0, 0});
  put16(bytes, shape.urgent);
  bytes.insert(bytes.end(), shape.options.begin(), shape.options.end());
  bytes.insert(bytes.end(), shape.payload.begin(), shape.payload.end());
  write_checksum(packet);
  return packet;
}

}  // namespace syn
