#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "../base/clock.h"
#include "frame_filter.h"
#include "interfaces.h"
#include "live_thread.h"

namespace weir {
namespace {

// Not in the headers of every supported system.
constexpr int kPacketIgnoreOutgoing = 23;

Failure open_failure_of(const std::string& interface, int status, const char* detail) {
  const std::string message = "cannot capture on " + interface + ": ";
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return {"SOURCE_NOT_FOUND", "no such interface: " + interface, nearest_interfaces_hint(interface), interface, ENODEV};
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return {"SOURCE_PERMISSION", message + "no permission",
              "sudo setcap cap_net_raw,cap_net_admin+ep \"$(readlink -f \"$(which node)\")\", or AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN "
              "in the systemd unit",
              interface, EPERM};
    case PCAP_ERROR_IFACE_NOT_UP:
      return {"SOURCE_OPEN", message + "the interface is down", "ip link set " + interface + " up", interface, ENETDOWN};
    default:
      return {"SOURCE_OPEN", message + (*detail != '\0' ? detail : pcap_statustostr(status)), "", interface, 0};
  }
}

pcap_t* activate(const EngineOptions& options, const std::string& interface, Failure& failure) {
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const pcap = pcap_create(interface.c_str(), message);
  if (pcap == nullptr) {
    failure = {"SOURCE_OPEN", "cannot capture on " + interface + ": " + message, "", interface, 0};
    return nullptr;
  }
  pcap_set_snaplen(pcap, static_cast<int>(options.snaplen == 0 ? 65'535 : options.snaplen));
  pcap_set_promisc(pcap, options.promiscuous ? 1 : 0);
  pcap_set_timeout(pcap, static_cast<int>(options.timeout_ms));
  pcap_set_buffer_size(pcap, static_cast<int>(std::min<uint32_t>(options.buffer_mb, 2047) * 1024 * 1024));
  pcap_set_immediate_mode(pcap, options.immediate ? 1 : 0);
  const int status = pcap_activate(pcap);
  if (status < 0) {
    failure = open_failure_of(interface, status, pcap_geterr(pcap));
    pcap_close(pcap);
    return nullptr;
  }
  return pcap;
}

void discard(u_char*, const pcap_pkthdr*, const u_char*) {}

// Two block timeouts: what was in a block when the reject-all filter came is handed over by then.
void drain_early(pcap_t* pcap, uint32_t timeout_ms) {
  const int64_t end = monotonic_ns() + 2 * static_cast<int64_t>(timeout_ms) * kNsPerMs;
  for (int64_t now = monotonic_ns(); now < end; now = monotonic_ns()) {
    if (pcap_dispatch(pcap, -1, discard, nullptr) > 0) continue;
    pollfd wait{pcap_fileno(pcap), POLLIN, 0};
    poll(&wait, 1, static_cast<int>((end - now) / kNsPerMs) + 1);
  }
}

bool read_number(const std::string& path, uint64_t& value) {
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return false;
  unsigned long long number = 0;
  const bool good = std::fscanf(file, "%llu", &number) == 1;
  std::fclose(file);
  if (good) value += number;
  return good;
}

// Sets the filter; returns the failure, or one with an empty code.
Failure set_filter(const EngineOptions& options, const LiveSocket& socket) {
  if (options.filter.empty()) {
    int unused = 0;
    setsockopt(socket.descriptor(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    return {};
  }
  bpf_program program{};
  if (pcap_compile(socket.pcap(), &program, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return {"FILTER", std::string("invalid filter: ") + pcap_geterr(socket.pcap()), "see pcap-filter(7)", "", 0};
  }
  const bool good = pcap_setfilter(socket.pcap(), &program) == 0;
  pcap_freecode(&program);
  if (good) return {};
  return {"SOURCE_OPEN", "cannot set the filter on " + socket.interface() + ": " + pcap_geterr(socket.pcap()), "", socket.interface(), 0};
}

}  // namespace

LiveSocket::LiveSocket(std::string interface, pcap_t* pcap, bool first_of_interface)
    : interface_(std::move(interface)),
      pcap_(pcap),
      first_of_interface_(first_of_interface),
      link_type_(static_cast<uint16_t>(pcap_datalink(pcap))) {}

LiveSocket::~LiveSocket() { pcap_close(pcap_); }

bool LiveSocket::reject_all() const {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &nothing};
  return setsockopt(descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

std::string LiveSocket::replace_filter(const std::string& expression) const {
  // Behind a cooked header the kernel sees other offsets than the expression: libpcap knows how, but stops the socket for it.
  if (link_type_ != DLT_EN10MB) return "the filter of " + interface_ + " cannot be changed while it runs: it is no Ethernet";
  if (expression.empty()) {
    int unused = 0;
    setsockopt(descriptor(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    return "";
  }
  bpf_program program{};
  std::string message = compile_filter(expression, link_type_, pcap_snapshot(pcap_), program);
  if (!message.empty()) return "invalid filter: " + message;
  static_assert(sizeof(bpf_insn) == sizeof(sock_filter));
  const sock_fprog kernel{static_cast<unsigned short>(program.bf_len), reinterpret_cast<sock_filter*>(program.bf_insns)};
  if (setsockopt(descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &kernel, sizeof kernel) != 0) {
    message = "cannot set the filter on " + interface_ + ": " + std::strerror(errno);
  }
  pcap_freecode(&program);
  return message;
}

bool LiveSocket::join_fanout(uint16_t group) const {
  // Defragmenting first keeps the fragments of a datagram together.
  const uint32_t argument = group | static_cast<uint32_t>(PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG) << 16;
  return setsockopt(descriptor(), SOL_PACKET, PACKET_FANOUT, &argument, sizeof argument) == 0;
}

bool LiveSocket::take_statistics(Statistics& statistics) const {
  tpacket_stats_v3 kernel{};
  socklen_t size = sizeof kernel;
  if (getsockopt(descriptor(), SOL_PACKET, PACKET_STATISTICS, &kernel, &size) != 0) return false;
  statistics.received = kernel.tp_packets;
  statistics.dropped = kernel.tp_drops;
  statistics.freezes = size >= sizeof kernel ? kernel.tp_freeze_q_cnt : 0;
  return true;
}

bool LiveSocket::interface_drops(uint64_t& drops) const {
  const std::string folder = "/sys/class/net/" + interface_ + "/statistics/";
  drops = 0;
  return read_number(folder + "rx_missed_errors", drops) && read_number(folder + "rx_fifo_errors", drops);
}

Result<std::vector<std::unique_ptr<LiveSocket>>> open_live_sockets(const EngineOptions& options) {
  std::vector<std::unique_ptr<LiveSocket>> sockets;
  bool early_packets = !options.filter.empty();
  // Groups are per network namespace; the process id keeps two sensors apart.
  uint16_t group = static_cast<uint16_t>(getpid() * 31);
  for (const SourceSpec& source : options.sources) {
    ++group;
    for (uint32_t i = 0; i < source.fanout; ++i) {
      Failure failure;
      pcap_t* const pcap = activate(options, source.name, failure);
      if (pcap == nullptr) return failure;
      sockets.push_back(std::make_unique<LiveSocket>(source.name, pcap, i == 0));
      LiveSocket& socket = *sockets.back();
      char message[PCAP_ERRBUF_SIZE];
      pcap_setnonblock(pcap, 1, message);
      if (is_loopback_interface(source.name)) {
        // The loopback shows each packet twice; the outgoing copy would be received but never delivered.
        const int on = 1;
        early_packets = setsockopt(socket.descriptor(), SOL_PACKET, kPacketIgnoreOutgoing, &on, sizeof on) == 0 || early_packets;
      }
      if (source.fanout > 1) {
        early_packets = true;
        socket.reject_all();
        if (!socket.join_fanout(group)) {
          return Failure{"SOURCE_OPEN", "cannot share " + source.name + " between " + std::to_string(source.fanout) + " sockets: " + std::strerror(errno),
                         "", source.name, errno};
        }
      }
    }
  }
  if (early_packets) {
    for (const auto& socket : sockets) socket->reject_all();
    for (const auto& socket : sockets) drain_early(socket->pcap(), options.timeout_ms);
  }
  for (const auto& socket : sockets) {
    LiveSocket::Statistics baseline;
    if (early_packets) socket->take_statistics(baseline);
    Failure failure = set_filter(options, *socket);
    if (!failure.code.empty()) return failure;
  }
  return sockets;
}

int cpu_for_thread(uint32_t thread, uint32_t threads) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
  if (static_cast<uint32_t>(CPU_COUNT(&allowed)) < 2 * threads + 2) return -1;
  uint32_t seen = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed) && seen++ == thread) return cpu;
  }
  return -1;
}

void pin_this_thread(int cpu) {
  if (cpu < 0) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
}

}  // namespace weir
