// A netfilter queue (linux/netfilter/nfnetlink_queue.h), spoken to directly: some five messages, and no library to install.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/result.h"

namespace weir {

struct QueuedByKernel {
  uint32_t id;
  uint8_t* bytes;
  uint32_t size;
  bool outbound;  // it was made by this host
  bool loopback;
  bool has_checksum;  // else the sum of the pseudo header, which the card or the receiver's kernel would have completed
};

class NfqueueSocket {
 public:
  ~NfqueueSocket();
  NfqueueSocket() = default;
  NfqueueSocket(const NfqueueSocket&) = delete;
  NfqueueSocket& operator=(const NfqueueSocket&) = delete;

  // Binds the queue: whole packets, at most `length` waiting, and what does not fit passes. Failure: SOURCE_*.
  Failure open(uint16_t queue, uint32_t length, uint32_t buffer_bytes);
  int descriptor() const { return socket_; }
  // The packets of the next datagram, which stay until the next call; empty when there is none. False: errno.
  bool receive(std::vector<QueuedByKernel>& packets);
  bool give_verdict(uint32_t id, bool accept);
  // Lets the packet pass with the bytes that are in it now, as many as came. The kernel takes its checksum for complete.
  bool accept_changed(const QueuedByKernel& packet);

 private:
  int configure(uint16_t attribute, const void* value, uint16_t bytes, bool acknowledged);
  int acknowledged();

  int socket_ = -1;
  uint16_t queue_ = 0;
  uint32_t loopback_index_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace weir
