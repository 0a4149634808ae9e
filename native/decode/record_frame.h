// The fields of a record that come from the frame and not from its bytes.
#pragma once
#include <cstring>

#include "decoder.h"

namespace weir {

constexpr uint8_t kNoWindowScale = 255;

// 16 bytes at a time: compilers turn one memset of this size into string instructions, which start slowly.
template <size_t kBytes>
inline void clear_bytes(uint8_t* p) {
  static_assert(kBytes % 16 == 0, "whole chunks");
  std::memset(p, 0, 16);
  if constexpr (kBytes > 16) clear_bytes<kBytes - 16>(p + 16);
}

// Clears the record and fills in the frame's facts. Everything else is 0, which means unknown.
inline void record_frame(const Frame& frame, PacketRecord& r) {
  clear_bytes<sizeof r>(reinterpret_cast<uint8_t*>(&r));
  r.kind = static_cast<uint8_t>(RecordKind::kPacket);
  r.ordinal = frame.ordinal;
  r.streamNs = frame.stream_ns;
  r.wscale = kNoWindowScale;
  r.wireLen = frame.wire;
  r.rawNsec = frame.nsec;
  r.rawSec = frame.sec;
  r.source = frame.source;
  r.linkType = frame.link_type;
  r.capLen = frame.captured;
  uint16_t flags = frame.captured < frame.wire ? static_cast<uint16_t>(RecordFlag::kSnaplenCut) : 0;
  if (frame.outgoing) flags |= static_cast<uint16_t>(RecordFlag::kOutgoing);
  if (frame.denied) flags |= static_cast<uint16_t>(RecordFlag::kDenied);
  r.flags = flags;
}

}  // namespace weir
