#include "socket_finder.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace weir {
namespace {

constexpr size_t kBufferBytes = 32 * 1024;
// The kernel answers within the call that asks; this is for one that never does.
constexpr suseconds_t kPatienceUs = 100'000;
// Answers to questions that were given up before.
constexpr int kMostForeign = 16;

}  // namespace

SocketFinder::SocketFinder() : buffer_(kBufferBytes) {
  socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (socket_ < 0) return;
  timeval patience{};
  patience.tv_usec = kPatienceUs;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

SocketFinder::~SocketFinder() {
  if (socket_ >= 0) close(socket_);
}

bool SocketFinder::send(const std::vector<uint8_t>& question) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto* const to = reinterpret_cast<const sockaddr*>(&kernel);
  return socket_ >= 0 && sendto(socket_, question.data(), question.size(), 0, to, sizeof kernel) == static_cast<ssize_t>(question.size());
}

size_t SocketFinder::receive() {
  for (;;) {
    sockaddr_nl from{};
    socklen_t length = sizeof from;
    const ssize_t got = recvfrom(socket_, buffer_.data(), buffer_.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    if (from.nl_pid == 0) return static_cast<size_t>(got);
  }
}

bool SocketFinder::is_able(uint8_t protocol, bool ipv6) {
  const uint32_t sequence = ++sequence_;
  if (!send(ability_question(protocol, ipv6, sequence))) return false;
  const size_t size = receive();
  return size > 0 && read_ability(buffer_.data(), size, sequence);
}

SocketAnswer SocketFinder::find(const SocketTuple& tuple, SocketFacts& facts) {
  const uint32_t sequence = ++sequence_;
  if (!send(socket_question(tuple, sequence))) return SocketAnswer::kRefused;
  for (int i = 0; i < kMostForeign; ++i) {
    const size_t size = receive();
    if (size == 0) return SocketAnswer::kRefused;
    const SocketAnswer answer = read_socket_answer(buffer_.data(), size, sequence, tuple.local_port, facts);
    if (answer != SocketAnswer::kForeign) return answer;
  }
  return SocketAnswer::kRefused;
}

}  // namespace weir
