#include "capture_blocks.h"

#include <cstring>

#include "../base/byte_order.h"
#include "../base/clock.h"
#include "frame_reader.h"

namespace weir {
namespace {

template <typename T>
void append_value(std::vector<uint8_t>& out, T value) {
  uint8_t bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

}  // namespace

void append_classic_header(std::vector<uint8_t>& out, uint32_t snaplen, uint16_t link_type) {
  append_value<uint32_t>(out, 0xa1b2c3d4);
  append_value<uint16_t>(out, 2);
  append_value<uint16_t>(out, 4);
  append_value<uint64_t>(out, 0);  // time zone and accuracy: always 0
  append_value<uint32_t>(out, snaplen);
  append_value<uint32_t>(out, link_type);
}

void append_classic_frame(std::vector<uint8_t>& out, const Frame& frame) {
  const size_t at = out.size();
  out.resize(at + kClassicRecordBytes + frame.captured);
  const uint32_t header[4] = {static_cast<uint32_t>(frame.sec), frame.nsec / 1000, frame.captured, frame.wire};
  std::memcpy(out.data() + at, header, sizeof header);
  if (frame.captured != 0) std::memcpy(out.data() + at + sizeof header, frame.bytes, frame.captured);
}

Frame frame_of_classic_record(const uint8_t* header, uint16_t link_type) {
  Frame frame{};
  frame.sec = load32(header);
  frame.nsec = load32(header + 4) * 1000;
  frame.captured = load32(header + 8);
  frame.wire = load32(header + 12);
  frame.link_type = link_type;
  frame.stripped_vlan = kNoStrippedVlan;
  return frame;
}

void append_section_header(std::vector<uint8_t>& out) {
  append_value<uint32_t>(out, 0x0a0d0d0a);
  append_value<uint32_t>(out, 28);
  append_value<uint32_t>(out, 0x1a2b3c4d);
  append_value<uint16_t>(out, 1);
  append_value<uint16_t>(out, 0);
  append_value<int64_t>(out, -1);  // section length not given
  append_value<uint32_t>(out, 28);
}

void append_interface(std::vector<uint8_t>& out, uint16_t link_type) {
  constexpr uint32_t kBytes = 32;
  append_value<uint32_t>(out, 1);
  append_value<uint32_t>(out, kBytes);
  append_value<uint16_t>(out, link_type);
  append_value<uint16_t>(out, 0);
  append_value<uint32_t>(out, 0);  // no snaplen
  append_value<uint16_t>(out, 9);  // if_tsresol
  append_value<uint16_t>(out, 1);
  append_value<uint32_t>(out, 9);  // 10^-9, then padding
  append_value<uint32_t>(out, 0);  // end of options
  append_value<uint32_t>(out, kBytes);
}

void append_enhanced_packet(std::vector<uint8_t>& out, uint32_t interface_number, const Frame& frame) {
  const uint32_t padded = (frame.captured + 3) & ~3U;
  const uint32_t bytes = 32 + padded;
  const uint64_t time = static_cast<uint64_t>(frame.sec) * static_cast<uint64_t>(kNsPerSec) + frame.nsec;
  const size_t at = out.size();
  out.resize(at + bytes);  // zeros: the padding too
  const uint32_t fixed[7] = {6, bytes, interface_number, static_cast<uint32_t>(time >> 32), static_cast<uint32_t>(time), frame.captured, frame.wire};
  std::memcpy(out.data() + at, fixed, sizeof fixed);
  if (frame.captured != 0) std::memcpy(out.data() + at + sizeof fixed, frame.bytes, frame.captured);
  std::memcpy(out.data() + at + bytes - 4, &bytes, sizeof bytes);
}

}  // namespace weir
