// Finds sockets of this network namespace by their tuple: one question to the kernel each, without a right to anything.
#pragma once
#include <cstdint>
#include <vector>

#include "socket_message.h"

namespace weir {

class SocketFinder {
 public:
  SocketFinder();
  ~SocketFinder();
  SocketFinder(const SocketFinder&) = delete;
  SocketFinder& operator=(const SocketFinder&) = delete;

  // Can the kernel be asked for sockets of this protocol? Asks it once.
  bool is_able(uint8_t protocol, bool ipv6);
  SocketAnswer find(const SocketTuple& tuple, SocketFacts& facts);

 private:
  bool send(const std::vector<uint8_t>& question);
  // Bytes of the next datagram from the kernel, 0 when none comes.
  size_t receive();

  int socket_ = -1;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace weir
