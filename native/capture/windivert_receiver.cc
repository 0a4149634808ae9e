#include "windivert_receiver.h"

#include <algorithm>
#include <string>

namespace weir {
namespace {

// Room for a batch of full-sized segments; never less than the largest packet.
constexpr uint32_t kBufferBytes = 1024 * 1024;
static_assert(kBufferBytes >= kDivertMaxPacket, "a packet that does not fit is cut");
// A driver that fails this often without a packet in between is given up.
constexpr uint32_t kMaxFailures = 16;

}  // namespace

DivertReceiver::DivertReceiver(const DivertApi& api, void* handle, PacketHandover handover, DivertClock clock, bool inline_mode)
    : api_(api), handle_(handle), handover_(handover), clock_(clock), inline_mode_(inline_mode), bytes_(kBufferBytes) {}

DivertReceiver::~DivertReceiver() { api_.close(handle_); }

void DivertReceiver::shut_down() { api_.shutdown(handle_, kDivertShutdownReceive); }

void DivertReceiver::run() {
  while (receive()) {
    for (uint32_t i = 0; i < count_; ++i) decide(i);
    if (inline_mode_) put_back();
    copy_all();
    if (count_ > 0) clock_.follow(addresses_[count_ - 1].timestamp);
  }
}

// Where a packet ends is not known when it is not whole: it goes back as it came.
void DivertReceiver::decide(uint32_t index) {
  const DivertedPacket& packet = packets_[index];
  const Passage passage = passage_of(index);
  denied_[index] = !handover_.admit(packet.bytes, packet.size, passage);
  const bool changeable = packet.whole && !denied_[index];
  changes_[index] = changeable ? handover_.change(packet.bytes, packet.size, passage, checksum_of(index)) : MssChange();
}

// False: no more will come.
bool DivertReceiver::receive() {
  unsigned received = 0;
  unsigned address_bytes = sizeof addresses_;
  count_ = 0;
  truncated_ = false;
  const bool good = api_.receive(handle_, bytes_.data(), kBufferBytes, &received, 0, addresses_.data(), &address_bytes, nullptr) != 0;
  if (!good) {
    const uint32_t error = api_.last_error();
    if (error != kErrorInsufficientBuffer) return survive(error);
    // The first packet of the batch, cut to the buffer.
    truncated_ = true;
    received = kBufferBytes;
    address_bytes = sizeof(DivertAddress);
  }
  failures_in_a_row_ = 0;
  count_ = std::min<uint32_t>(address_bytes / sizeof(DivertAddress), kDivertMaxBatch);
  split_batch(bytes_.data(), std::min<uint32_t>(received, kBufferBytes), count_, packets_.data());
  return true;
}

// Shut down and empty, or closed under us: the end. Anything else is tried again a few times.
bool DivertReceiver::survive(uint32_t error) {
  if (error == kErrorNoData || error == kErrorOperationAborted) return false;
  if (++failures_in_a_row_ < kMaxFailures) return true;
  failure_ = {"SOURCE_READ", "WinDivert delivers no more packets: error " + std::to_string(error), "the path is open; start the sensor again", "",
              static_cast<int>(error)};
  return false;
}

// Runs of whole packets go back in one call each; a packet that is not whole goes by itself, in its place.
void DivertReceiver::put_back() {
  uint32_t first = 0;
  for (uint32_t i = 0; i <= count_; ++i) {
    if (i < count_ && packets_[i].whole && !denied_[i]) continue;
    if (i > first) put_back_run(first, i);
    if (i < count_ && !denied_[i]) handover_.settle(packets_[i].size, put_back_one(i), false);
    first = i + 1;
  }
}

// When the call fails, the packets behind those that went are tried one by one; not after "host unreachable", where the
// driver has gone on with the rest.
void DivertReceiver::put_back_run(uint32_t first, uint32_t last) {
  const uint8_t* const begin = packets_[first].bytes;
  const uint32_t bytes = static_cast<uint32_t>(packets_[last - 1].bytes + packets_[last - 1].size - begin);
  unsigned sent = 0;
  const bool good =
      api_.send(handle_, begin, bytes, &sent, 0, &addresses_[first], (last - first) * static_cast<unsigned>(sizeof(DivertAddress)), nullptr) != 0;
  const bool retry = !good && api_.last_error() != kErrorHostUnreachable;
  for (uint32_t i = first; i < last; ++i) {
    const bool went = good || packets_[i].bytes + packets_[i].size <= begin + sent;
    handover_.settle(packets_[i].size, went || (retry && put_back_one(i)), changes_[i].made());
  }
}

bool DivertReceiver::put_back_one(uint32_t index) {
  const DivertedPacket& packet = packets_[index];
  // Half a packet must not go out as a whole one.
  if (truncated_ || packet.size == 0) return false;
  return api_.send(handle_, packet.bytes, packet.size, nullptr, 0, &addresses_[index], sizeof(DivertAddress), nullptr) != 0;
}

void DivertReceiver::copy_all() {
  for (uint32_t i = 0; i < count_; ++i) {
    undo(packets_[i].bytes, changes_[i]);
    handover_.copy(packets_[i].bytes, packets_[i].size, passage_of(i), denied_[i]);
  }
}

Passage DivertReceiver::passage_of(uint32_t index) const {
  const DivertAddress& address = addresses_[index];
  return {clock_.epoch_ns(address.timestamp), (address.flags & kDivertOutbound) != 0, (address.flags & kDivertLoopback) != 0};
}

// The flag goes back with the packet as it came, and says the same of it.
TcpChecksum DivertReceiver::checksum_of(uint32_t index) const {
  return (addresses_[index].flags & kDivertTcpChecksum) != 0 ? TcpChecksum::kWritten : TcpChecksum::kLeftToSender;
}

}  // namespace weir
