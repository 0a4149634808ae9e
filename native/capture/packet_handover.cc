#include "packet_handover.h"

#include <algorithm>

namespace weir {

PacketHandover::PacketHandover(const DivertOptions& options, PacketQueue& queue, Counters& counters, uint32_t snaplen)
    : verdicts_(options.verdicts),
      queue_(queue),
      counters_(counters),
      snaplen_(snaplen == 0 ? UINT32_MAX : snaplen),
      inline_mode_(options.inline_mode),
      clamp_mss_(options.clamp_mss) {}

bool PacketHandover::admit(const uint8_t* bytes, uint32_t size, const Passage& passage) {
  counters_.add(kDiverted);
  counters_.add(kDivertedBytes, size);
  if (!inline_mode_) return true;
  const Verdict verdict = verdicts_.judge(bytes, size, passage.outbound, passage.loopback);
  if (verdict == Verdict::kPass) return true;
  counters_.add(verdict == Verdict::kDenied ? kInlineDenied : kInlineQuarantined);
  counters_.add(verdict == Verdict::kDenied ? kInlineDeniedBytes : kInlineQuarantinedBytes, size);
  return false;
}

// Behind a loopback interface there is no link that packets could be too large for.
MssChange PacketHandover::change(uint8_t* bytes, uint32_t size, const Passage& passage, TcpChecksum checksum) const {
  if (clamp_mss_ == 0 || !inline_mode_ || passage.loopback) return {};
  return clamp_mss(bytes, size, clamp_mss_, checksum);
}

void PacketHandover::settle(uint32_t size, bool sent, bool modified) {
  if (sent && modified) counters_.add(kInlineModified);
  counters_.add(sent ? kInlineSent : kInlineFailed);
  counters_.add(sent ? kInlineSentBytes : kInlineFailedBytes, size);
}

void PacketHandover::copy(const uint8_t* bytes, uint32_t size, const Passage& passage, bool denied) {
  QueuedPacket packet{};
  packet.captured = std::min(size, snaplen_);
  packet.wire = size;
  packet.time_ns = passage.time_ns;
  packet.outgoing = passage.outbound ? 1 : 0;
  packet.denied = denied ? 1 : 0;
  if (queue_.push(packet, bytes)) return;
  counters_.add(kHandoverDropped);
  counters_.add(kHandoverDroppedBytes, size);
}

}  // namespace weir
