// Questions to the kernel about one socket (linux/inet_diag.h), as bytes, and what its answers say. Any bytes may come back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

// A connection as its end on this host sees it. Addresses in network order, IPv4 in the first 4 bytes; ports in host order.
struct SocketTuple {
  uint8_t protocol = 0;
  bool ipv6 = false;
  uint8_t local[16] = {};
  uint8_t remote[16] = {};
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  uint32_t interface_index = 0;  // also sockets that are bound to it; 0 = only those that are bound to none
};

struct SocketFacts {
  uint32_t inode = 0;  // 0: no process has it (yet, or any more)
  uint8_t state = 0;   // of TCP, as in the kernel: 1 = established … 10 = listening
};

enum class SocketAnswer {
  kFound,
  kNone,     // there is no such socket
  kRefused,  // the kernel does not answer such questions
  kForeign,  // not an answer to this question
};

std::vector<uint8_t> socket_question(const SocketTuple& tuple, uint32_t sequence);
// Asks for all sockets that are in no state: there are none, but a kernel that cannot answer says so.
std::vector<uint8_t> ability_question(uint8_t protocol, bool ipv6, uint32_t sequence);
// Of the first message of a datagram.
SocketAnswer read_socket_answer(const uint8_t* bytes, size_t size, uint32_t sequence, uint16_t local_port, SocketFacts& facts);
// True when the message says that the question of `ability_question` was understood.
bool read_ability(const uint8_t* bytes, size_t size, uint32_t sequence);

}  // namespace weir
