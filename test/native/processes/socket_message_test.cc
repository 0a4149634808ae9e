// What socket_message.h promises: questions as the kernel wants them, and answers of any bytes.
#include "../../../native/processes/socket_message.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "../decode/check.h"

namespace {

using namespace weir;
using Bytes = std::vector<uint8_t>;

constexpr uint32_t kSequence = 77;
constexpr uint16_t kPort = 8080;

struct Parts {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

Parts parts_of(const Bytes& question) {
  Parts parts{};
  EQ(question.size(), sizeof parts);
  std::memcpy(&parts, question.data(), std::min(question.size(), sizeof parts));
  EQ(parts.header.nlmsg_len, sizeof parts);
  EQ(parts.header.nlmsg_type, SOCK_DIAG_BY_FAMILY);
  EQ(parts.header.nlmsg_seq, kSequence);
  return parts;
}

template <class Body>
Bytes message(uint16_t type, const Body& body, uint32_t sequence = kSequence) {
  nlmsghdr header{};
  header.nlmsg_len = sizeof header + sizeof body;
  header.nlmsg_type = type;
  header.nlmsg_seq = sequence;
  Bytes bytes(header.nlmsg_len);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &body, sizeof body);
  return bytes;
}

inet_diag_msg socket_of(uint16_t port, uint32_t inode) {
  inet_diag_msg body{};
  body.idiag_state = 10;
  body.id.idiag_sport = htons(port);
  body.idiag_inode = inode;
  return body;
}

// From memory of just this size, so that a step outside is seen.
SocketAnswer read(const Bytes& bytes, SocketFacts& facts) {
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
  if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
  read_ability(exact.get(), bytes.size(), kSequence);
  return read_socket_answer(exact.get(), bytes.size(), kSequence, kPort, facts);
}

SocketAnswer read(const Bytes& bytes) {
  SocketFacts facts;
  return read(bytes, facts);
}

}  // namespace

TEST(asks_for_a_connection_from_its_own_end) {
  SocketTuple tuple;
  tuple.protocol = 6;
  const uint8_t local[4] = {10, 0, 0, 1};
  const uint8_t remote[4] = {192, 0, 2, 9};
  std::memcpy(tuple.local, local, 4);
  std::memcpy(tuple.remote, remote, 4);
  tuple.local_port = 443;
  tuple.remote_port = 5000;
  tuple.interface_index = 3;
  const Parts tcp = parts_of(socket_question(tuple, kSequence));
  EQ(tcp.header.nlmsg_flags, NLM_F_REQUEST);
  EQ(tcp.body.sdiag_family, AF_INET);
  EQ(tcp.body.sdiag_protocol, 6);
  EQ(ntohs(tcp.body.id.idiag_sport), 443);
  EQ(ntohs(tcp.body.id.idiag_dport), 5000);
  EQ(tcp.body.id.idiag_if, 3);
  EQ(std::memcmp(tcp.body.id.idiag_src, local, 4), 0);
  EQ(std::memcmp(tcp.body.id.idiag_dst, remote, 4), 0);
  EQ(tcp.body.id.idiag_cookie[0], 0xffffffffU);
}

TEST(asks_for_datagram_sockets_as_a_packet_from_outside_would) {
  SocketTuple tuple;
  tuple.protocol = 17;
  tuple.ipv6 = true;
  tuple.local[15] = 1;
  tuple.remote[15] = 2;
  tuple.local_port = 53;
  tuple.remote_port = 5000;
  const Parts udp = parts_of(socket_question(tuple, kSequence));
  EQ(udp.body.sdiag_family, AF_INET6);
  EQ(ntohs(udp.body.id.idiag_sport), 5000);
  EQ(ntohs(udp.body.id.idiag_dport), 53);
  EQ(std::memcmp(udp.body.id.idiag_src, tuple.remote, 16), 0);
  EQ(std::memcmp(udp.body.id.idiag_dst, tuple.local, 16), 0);
}

TEST(reads_a_socket) {
  SocketFacts facts;
  CHECK(read(message(SOCK_DIAG_BY_FAMILY, socket_of(kPort, 4711)), facts) == SocketAnswer::kFound);
  EQ(facts.inode, 4711);
  EQ(facts.state, 10);
}

TEST(believes_no_answer_to_something_else) {
  CHECK(read(message(SOCK_DIAG_BY_FAMILY, socket_of(kPort + 1, 4711))) == SocketAnswer::kNone);
  CHECK(read(message(SOCK_DIAG_BY_FAMILY, socket_of(kPort, 4711), kSequence - 1)) == SocketAnswer::kForeign);
  CHECK(read(message(NLMSG_NOOP, socket_of(kPort, 4711))) == SocketAnswer::kForeign);
}

TEST(tells_no_socket_from_no_answer) {
  nlmsgerr error{};
  error.error = -ENOENT;
  CHECK(read(message(NLMSG_ERROR, error)) == SocketAnswer::kNone);
  error.error = -EPERM;
  CHECK(read(message(NLMSG_ERROR, error)) == SocketAnswer::kRefused);
  error.error = INT32_MIN;
  CHECK(read(message(NLMSG_ERROR, error)) == SocketAnswer::kRefused);
}

TEST(knows_a_kernel_that_cannot_answer) {
  EQ(parts_of(ability_question(17, false, kSequence)).header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
  const auto able = [](uint16_t type, int code) {
    const Bytes bytes = message(type, code);
    return read_ability(bytes.data(), bytes.size(), kSequence);
  };
  CHECK(able(NLMSG_DONE, 0));
  CHECK(!able(NLMSG_DONE, -ENOENT));
  CHECK(!able(NLMSG_ERROR, -EOPNOTSUPP));
}

TEST(takes_any_bytes) {
  const Bytes whole = message(SOCK_DIAG_BY_FAMILY, socket_of(kPort, 4711));
  for (size_t size = 0; size < whole.size(); ++size) CHECK(read(Bytes(whole.begin(), whole.begin() + size)) == SocketAnswer::kForeign);
  uint32_t state = 1;
  for (int round = 0; round < 200000; ++round) {
    Bytes bytes = whole;
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525U + 1013904223U;
      bytes[(state >> 8) % bytes.size()] = static_cast<uint8_t>(state >> 24);
    }
    bytes.resize((state >> 4) % (whole.size() + 1));
    read(bytes);
  }
}
