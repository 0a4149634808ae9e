// Packets on their way from the thread that receives them to the thread that decodes them: bytes in a ring of fixed size,
// one writer, one reader. A full queue refuses; the writer never waits.
//
//   position % capacity     | header, bytes, padding to 8 | header, bytes … | skip |
//
// The writer stores `written_` with release after a packet, the reader loads it with acquire, and the other way round for
// `read_`. Positions run freely in 64 bits.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace weir {

struct QueuedPacket {
  uint32_t captured;
  uint32_t wire;
  int64_t time_ns;  // since the epoch
  uint8_t outgoing;
  uint8_t denied;
  uint8_t reserved[6];
};

class PacketQueue {
 public:
  // `capacity`: bytes, a power of two, larger than the largest packet twice over. `begin`: where positions start, for tests.
  explicit PacketQueue(uint64_t capacity, uint64_t begin = 0);

  // The writer's. False: no room.
  bool push(const QueuedPacket& packet, const uint8_t* bytes);
  // The writer's, after its last packet.
  void close();

  // The reader's: the next packet, or null. Its bytes follow it, and stay until pop().
  const QueuedPacket* front();
  void pop();
  // Until there is a packet, the queue is closed, or that time is over.
  void wait_ns(int64_t ns);
  bool closed() const { return closed_.load(std::memory_order_acquire); }

 private:
  uint64_t room_before_end(uint64_t position) const { return capacity_ - (position & (capacity_ - 1)); }
  void wake();

  const uint64_t capacity_;
  std::vector<uint64_t> words_;
  alignas(64) std::atomic<uint64_t> written_;
  alignas(64) std::atomic<uint64_t> read_;
  alignas(64) std::atomic<bool> waiting_{false};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace weir
