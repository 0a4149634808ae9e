#include "packet_queue.h"

#include <chrono>
#include <cstring>

namespace weir {
namespace {

constexpr uint64_t kAlign = 8;
// In `captured`: nothing more up to the end of the area.
constexpr uint32_t kSkip = 0xffffffff;

uint64_t bytes_of(uint32_t captured) { return (sizeof(QueuedPacket) + captured + kAlign - 1) & ~(kAlign - 1); }

}  // namespace

PacketQueue::PacketQueue(uint64_t capacity, uint64_t begin) : capacity_(capacity), words_(capacity / kAlign), written_(begin), read_(begin) {}

bool PacketQueue::push(const QueuedPacket& packet, const uint8_t* bytes) {
  const uint64_t at = written_.load(std::memory_order_relaxed);
  const uint64_t need = bytes_of(packet.captured);
  const uint64_t to_end = room_before_end(at);
  const uint64_t skip = need > to_end ? to_end : 0;
  if (at + skip + need - read_.load(std::memory_order_acquire) > capacity_) return false;
  uint8_t* const area = reinterpret_cast<uint8_t*>(words_.data());
  if (skip != 0) std::memcpy(area + (at & (capacity_ - 1)), &kSkip, sizeof kSkip);
  uint8_t* const into = area + ((at + skip) & (capacity_ - 1));
  std::memcpy(into, &packet, sizeof packet);
  if (packet.captured != 0) std::memcpy(into + sizeof packet, bytes, packet.captured);
  written_.store(at + skip + need, std::memory_order_seq_cst);  // before the look at `waiting_`: see wait_ns
  if (waiting_.load(std::memory_order_seq_cst)) wake();
  return true;
}

void PacketQueue::close() {
  closed_.store(true, std::memory_order_seq_cst);
  wake();
}

void PacketQueue::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_one();
}

const QueuedPacket* PacketQueue::front() {
  uint64_t at = read_.load(std::memory_order_relaxed);
  const uint64_t end = written_.load(std::memory_order_acquire);
  const uint8_t* const area = reinterpret_cast<const uint8_t*>(words_.data());
  while (at != end) {
    const auto* const packet = reinterpret_cast<const QueuedPacket*>(area + (at & (capacity_ - 1)));
    if (packet->captured != kSkip) return packet;
    at += room_before_end(at);
    read_.store(at, std::memory_order_release);
  }
  return nullptr;
}

void PacketQueue::pop() {
  const QueuedPacket* const packet = front();
  if (packet != nullptr) read_.store(read_.load(std::memory_order_relaxed) + bytes_of(packet->captured), std::memory_order_release);
}

// The reader says that it waits, then looks again; the writer publishes, then looks whether the reader waits.
void PacketQueue::wait_ns(int64_t ns) {
  std::unique_lock lock(mutex_);
  waiting_.store(true, std::memory_order_seq_cst);
  changed_.wait_for(lock, std::chrono::nanoseconds(ns), [this] {
    return closed_.load(std::memory_order_seq_cst) || written_.load(std::memory_order_seq_cst) != read_.load(std::memory_order_relaxed);
  });
  waiting_.store(false, std::memory_order_relaxed);
}

}  // namespace weir
