#include "socket_message.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr uint32_t kAnyCookie = 0xffffffff;

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

std::vector<uint8_t> as_bytes(Question& question, uint16_t flags, uint32_t sequence) {
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  question.header.nlmsg_seq = sequence;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&question);
  return std::vector<uint8_t>(bytes, bytes + sizeof question);
}

// The header of the first message, when it is whole and answers this question.
bool read_header(const uint8_t* bytes, size_t size, uint32_t sequence, nlmsghdr& header) {
  if (size < sizeof header) return false;
  std::memcpy(&header, bytes, sizeof header);
  return header.nlmsg_seq == sequence && header.nlmsg_len >= sizeof header && header.nlmsg_len <= size;
}

// The error number of an ERROR or DONE message, positive.
int error_of(const uint8_t* bytes, const nlmsghdr& header) {
  int error = 0;
  if (header.nlmsg_len < sizeof header + sizeof error) return 0;
  std::memcpy(&error, bytes + sizeof header, sizeof error);
  return error == INT32_MIN ? EINVAL : -error;
}

}  // namespace

std::vector<uint8_t> socket_question(const SocketTuple& tuple, uint32_t sequence) {
  Question question{};
  question.body.sdiag_family = tuple.ipv6 ? AF_INET6 : AF_INET;
  question.body.sdiag_protocol = tuple.protocol;
  question.body.idiag_states = ~0U;
  inet_diag_sockid& id = question.body.id;
  const size_t bytes = tuple.ipv6 ? 16 : 4;
  // For datagram sockets the kernel looks up as it would for a packet that came in: its source is the other side.
  const bool swapped = tuple.protocol == kProtoUdp;
  std::memcpy(swapped ? id.idiag_dst : id.idiag_src, tuple.local, bytes);
  std::memcpy(swapped ? id.idiag_src : id.idiag_dst, tuple.remote, bytes);
  id.idiag_sport = htons(swapped ? tuple.remote_port : tuple.local_port);
  id.idiag_dport = htons(swapped ? tuple.local_port : tuple.remote_port);
  id.idiag_if = tuple.interface_index;
  id.idiag_cookie[0] = id.idiag_cookie[1] = kAnyCookie;
  return as_bytes(question, 0, sequence);
}

std::vector<uint8_t> ability_question(uint8_t protocol, bool ipv6, uint32_t sequence) {
  Question question{};
  question.body.sdiag_family = ipv6 ? AF_INET6 : AF_INET;
  question.body.sdiag_protocol = protocol;
  return as_bytes(question, NLM_F_DUMP, sequence);
}

SocketAnswer read_socket_answer(const uint8_t* bytes, size_t size, uint32_t sequence, uint16_t local_port, SocketFacts& facts) {
  nlmsghdr header;
  if (!read_header(bytes, size, sequence, header)) return SocketAnswer::kForeign;
  if (header.nlmsg_type == NLMSG_ERROR) return error_of(bytes, header) == ENOENT ? SocketAnswer::kNone : SocketAnswer::kRefused;
  inet_diag_msg message;
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len < sizeof header + sizeof message) return SocketAnswer::kForeign;
  std::memcpy(&message, bytes + sizeof header, sizeof message);
  if (ntohs(message.id.idiag_sport) != local_port) return SocketAnswer::kNone;
  facts.inode = message.idiag_inode;
  facts.state = message.idiag_state;
  return SocketAnswer::kFound;
}

bool read_ability(const uint8_t* bytes, size_t size, uint32_t sequence) {
  nlmsghdr header;
  if (!read_header(bytes, size, sequence, header)) return false;
  if (header.nlmsg_type == NLMSG_ERROR) return false;
  return header.nlmsg_type != NLMSG_DONE || error_of(bytes, header) == 0;
}

}  // namespace weir
