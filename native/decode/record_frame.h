// The fields of a record that come from the frame and not from its bytes.
#pragma once
#include <cstring>

#include "decoder.h"

namespace weir {

constexpr uint8_t kNoWindowScale = 255;

// Clears the record and fills in the frame's facts. Everything else is 0, which means unknown.
inline void record_frame(const Frame& frame, PacketRecord& r) {
  std::memset(&r, 0, sizeof r);
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
  r.flags = flags;
}

}  // namespace weir
