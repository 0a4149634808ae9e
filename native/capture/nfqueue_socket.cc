#include "nfqueue_socket.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace weir {
namespace {

// A packet of 64 KiB with its attributes.
constexpr size_t kBufferBytes = 128 * 1024;
constexpr uint32_t kWholePacket = 0xffff;

// One message with one attribute, as it goes to the kernel.
struct Message {
  nlmsghdr header{};
  nfgenmsg family{};
  uint8_t attributes[64] = {};
};

size_t put_attribute(Message& message, size_t at, uint16_t type, const void* value, uint16_t bytes) {
  nlattr attribute{};
  attribute.nla_len = static_cast<uint16_t>(NLA_HDRLEN + bytes);
  attribute.nla_type = type;
  std::memcpy(message.attributes + at, &attribute, sizeof attribute);
  std::memcpy(message.attributes + at + NLA_HDRLEN, value, bytes);
  return at + static_cast<size_t>(NLA_ALIGN(NLA_HDRLEN + bytes));
}

void finish(Message& message, size_t attributes, uint16_t type, uint16_t flags, uint16_t queue) {
  message.header.nlmsg_len = static_cast<uint32_t>(sizeof message.header + sizeof message.family + attributes);
  message.header.nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type);
  message.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  message.family.nfgen_family = AF_UNSPEC;
  message.family.version = NFNETLINK_V0;
  message.family.res_id = htons(queue);
}

uint32_t big_word(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return ntohl(word);
}

// The attributes of a packet message; false when it holds no packet.
bool read_packet(uint8_t* at, const uint8_t* end, uint32_t loopback, QueuedByKernel& packet) {
  bool has_id = false;
  packet = {};
  packet.has_checksum = true;
  while (end - at >= NLA_HDRLEN) {
    nlattr attribute;
    std::memcpy(&attribute, at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > end - at) break;
    uint8_t* const value = at + NLA_HDRLEN;
    const uint32_t bytes = attribute.nla_len - static_cast<uint32_t>(NLA_HDRLEN);
    switch (attribute.nla_type & NLA_TYPE_MASK) {
      case NFQA_PACKET_HDR:
        if (bytes < sizeof(nfqnl_msg_packet_hdr)) break;
        packet.id = big_word(value);
        packet.outbound = value[6] == NF_INET_LOCAL_OUT || value[6] == NF_INET_POST_ROUTING;
        has_id = true;
        break;
      case NFQA_IFINDEX_INDEV:
      case NFQA_IFINDEX_OUTDEV:
        if (bytes >= 4 && big_word(value) == loopback) packet.loopback = true;
        break;
      case NFQA_SKB_INFO:
        if (bytes >= 4 && (big_word(value) & NFQA_SKB_CSUMNOTREADY) != 0) packet.has_checksum = false;
        break;
      case NFQA_PAYLOAD:
        packet.bytes = value;
        packet.size = bytes;
        break;
    }
    const ptrdiff_t step = NLA_ALIGN(attribute.nla_len);
    if (step >= end - at) break;
    at += step;
  }
  return has_id;
}

bool is_taken(uint16_t queue) {
  std::FILE* const file = std::fopen("/proc/net/netfilter/nfnetlink_queue", "re");
  if (file == nullptr) return false;
  char line[256];
  bool found = false;
  while (!found && std::fgets(line, sizeof line, file) != nullptr) found = std::strtoul(line, nullptr, 10) == queue;
  std::fclose(file);
  return found;
}

}  // namespace

NfqueueSocket::~NfqueueSocket() {
  if (socket_ >= 0) close(socket_);
}

Failure NfqueueSocket::open(uint16_t queue, uint32_t length, uint32_t buffer_bytes) {
  queue_ = queue;
  const std::string name = "netfilter queue " + std::to_string(queue);
  const auto failed = [&name](const char* code, int error, const char* hint) {
    return Failure{code, "cannot open " + name + ": " + std::strerror(error), hint, name, error};
  };
  socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (socket_ < 0 || bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failed("SOURCE_OPEN", errno, "the kernel needs NETFILTER_NETLINK_QUEUE");
  }
  buffer_.resize(kBufferBytes);
  loopback_index_ = if_nametoindex("lo");
  const int size = static_cast<int>(buffer_bytes);
  if (setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  // A full socket loses packets to the kernel's fail-open, not this process to an error.
  const int on = 1;
  setsockopt(socket_, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  nfqnl_msg_config_cmd command{};
  command.command = NFQNL_CFG_CMD_BIND;
  const int error = configure(NFQA_CFG_CMD, &command, sizeof command, true);
  // The kernel says the same of a queue that is taken as to somebody who may not ask.
  if (error == EPERM && is_taken(queue)) return failed("SOURCE_OPEN", EBUSY, "another program reads this queue; choose another number with --nfqueue");
  if (error == EPERM) return failed("SOURCE_PERMISSION", error, "an inline capture needs CAP_NET_ADMIN");
  if (error != 0) return failed("SOURCE_OPEN", error, "the kernel needs NETFILTER_NETLINK_QUEUE");
  nfqnl_msg_config_params parameters{};
  parameters.copy_range = htonl(kWholePacket);
  parameters.copy_mode = NFQNL_COPY_PACKET;
  const int copied = configure(NFQA_CFG_PARAMS, &parameters, sizeof parameters, true);
  if (copied != 0) return failed("SOURCE_OPEN", copied, "");
  const uint32_t most = htonl(length);
  configure(NFQA_CFG_QUEUE_MAXLEN, &most, sizeof most, true);
  // Large packets that the card will cut come whole, and with the checksum that the card will fill in.
  Message message;
  const uint32_t wanted = htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO);
  const size_t mask = put_attribute(message, 0, NFQA_CFG_MASK, &wanted, sizeof wanted);
  finish(message, put_attribute(message, mask, NFQA_CFG_FLAGS, &wanted, sizeof wanted), NFQNL_MSG_CONFIG, NLM_F_ACK, queue_);
  if (send(socket_, &message, message.header.nlmsg_len, 0) < 0 || acknowledged() != 0) return failed("SOURCE_OPEN", EOPNOTSUPP, "the kernel is too old to fail open");
  return {};
}

int NfqueueSocket::configure(uint16_t attribute, const void* value, uint16_t bytes, bool wait) {
  Message message;
  finish(message, put_attribute(message, 0, attribute, value, bytes), NFQNL_MSG_CONFIG, wait ? NLM_F_ACK : 0, queue_);
  if (send(socket_, &message, message.header.nlmsg_len, 0) < 0) return errno;
  return wait ? acknowledged() : 0;
}

// The kernel answers within the call. Packets that come before the answer pass unseen.
int NfqueueSocket::acknowledged() {
  for (;;) {
    const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got < 0) return errno;
    nlmsghdr header;
    if (static_cast<size_t>(got) < sizeof header + sizeof(int)) return EPROTO;
    std::memcpy(&header, buffer_.data(), sizeof header);
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      std::memcpy(&error, buffer_.data() + NLMSG_HDRLEN, sizeof error);
      return -error;
    }
    QueuedByKernel packet{};
    const uint8_t* const end = buffer_.data() + got;
    if (read_packet(buffer_.data() + NLMSG_HDRLEN + sizeof(nfgenmsg), end, loopback_index_, packet)) give_verdict(packet.id, true);
  }
}

bool NfqueueSocket::receive(std::vector<QueuedByKernel>& packets) {
  packets.clear();
  const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
  uint8_t* at = buffer_.data();
  const uint8_t* const end = at + got;
  while (end - at >= static_cast<ptrdiff_t>(NLMSG_HDRLEN + sizeof(nfgenmsg))) {
    nlmsghdr header;
    std::memcpy(&header, at, sizeof header);
    if (header.nlmsg_len < NLMSG_HDRLEN + sizeof(nfgenmsg) || header.nlmsg_len > end - at) break;
    QueuedByKernel packet{};
    const bool is_packet = header.nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET);
    if (is_packet && read_packet(at + NLMSG_HDRLEN + sizeof(nfgenmsg), at + header.nlmsg_len, loopback_index_, packet)) packets.push_back(packet);
    const ptrdiff_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step >= end - at) break;
    at += step;
  }
  return true;
}

bool NfqueueSocket::give_verdict(uint32_t id, bool accept) {
  Message message;
  nfqnl_msg_verdict_hdr verdict{};
  verdict.verdict = htonl(accept ? NF_ACCEPT : NF_DROP);
  verdict.id = htonl(id);
  finish(message, put_attribute(message, 0, NFQA_VERDICT_HDR, &verdict, sizeof verdict), NFQNL_MSG_VERDICT, 0, queue_);
  return send(socket_, &message, message.header.nlmsg_len, 0) >= 0;
}

bool NfqueueSocket::accept_changed(const QueuedByKernel& packet) {
  constexpr uint8_t kPadding[NLA_ALIGNTO] = {};
  if (packet.size > UINT16_MAX - NLA_HDRLEN) return false;
  Message message;
  nfqnl_msg_verdict_hdr verdict{};
  verdict.verdict = htonl(NF_ACCEPT);
  verdict.id = htonl(packet.id);
  const size_t at = put_attribute(message, 0, NFQA_VERDICT_HDR, &verdict, sizeof verdict);
  nlattr payload{};
  payload.nla_len = static_cast<uint16_t>(NLA_HDRLEN + packet.size);
  payload.nla_type = NFQA_PAYLOAD;
  std::memcpy(message.attributes + at, &payload, sizeof payload);
  const size_t padded = NLA_ALIGN(size_t{packet.size});
  finish(message, at + NLA_HDRLEN + padded, NFQNL_MSG_VERDICT, 0, queue_);
  iovec parts[3] = {{&message, message.header.nlmsg_len - padded}, {packet.bytes, packet.size}, {const_cast<uint8_t*>(kPadding), padded - packet.size}};
  msghdr whole{};
  whole.msg_iov = parts;
  whole.msg_iovlen = 3;
  return sendmsg(socket_, &whole, 0) >= 0;
}

}  // namespace weir
