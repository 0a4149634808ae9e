// Live capture: a libpcap handle (a TPACKET_V3 ring; V2 in immediate mode) per socket, and the thread that empties it.
#pragma once
#include <pcap/pcap.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../base/counters.h"
#include "../base/result.h"
#include "frame_path.h"
#include "run_state.h"

namespace weir {

class LiveSocket {
 public:
  // `first_of_interface`: the one that reports what belongs to the interface, not to the socket.
  LiveSocket(std::string interface, pcap_t* pcap, bool first_of_interface);
  ~LiveSocket();
  LiveSocket(const LiveSocket&) = delete;
  LiveSocket& operator=(const LiveSocket&) = delete;

  const std::string& interface() const { return interface_; }
  bool first_of_interface() const { return first_of_interface_; }
  pcap_t* pcap() const { return pcap_; }
  int descriptor() const { return pcap_fileno(pcap_); }
  uint16_t link_type() const { return link_type_; }

  // Lets nothing more into the kernel's ring; what is in it stays.
  bool reject_all() const;
  bool join_fanout(uint16_t group) const;
  // Puts another filter in the place of the kernel's, at one moment: no packet is lost that both let through. '' = none.
  // Returns what is wrong with it, '' = nothing. Any thread.
  std::string replace_filter(const std::string& expression) const;

  struct Statistics {
    uint32_t received = 0;  // drops included
    uint32_t dropped = 0;
    uint32_t freezes = 0;
  };
  // The kernel's counts since the last call: reading resets them, so that 32 bits never wrap between two reads.
  bool take_statistics(Statistics& statistics) const;
  // Packets that the interface itself lost, since it came up; false where the system does not tell.
  bool interface_drops(uint64_t& drops) const;

 private:
  std::string interface_;
  pcap_t* pcap_;
  bool first_of_interface_;
  uint16_t link_type_;
};

// Opens all sockets of the run, filters set and counts at zero: nothing that arrived before is delivered.
// Failures: SOURCE_NOT_FOUND, SOURCE_PERMISSION, SOURCE_OPEN, FILTER.
Result<std::vector<std::unique_ptr<LiveSocket>>> open_live_sockets(const EngineOptions& options);

// The processor that a capture thread is pinned to: only where there are twice as many as capture threads, so that
// shards find others. -1 = any.
int cpu_for_thread(uint32_t thread, uint32_t threads);
void pin_this_thread(int cpu);

class LiveThread {
 public:
  LiveThread(RunState& run, LiveSocket& socket, uint32_t thread, Counters& counters);
  void run();

 private:
  static void on_packet(u_char* self, const pcap_pkthdr* header, const u_char* bytes);
  int dispatch();
  bool wait();
  void advance_idle_time();
  void poll_statistics(bool now);
  bool survive(int status);
  void drain();

  RunState& run_;
  LiveSocket& socket_;
  Counters& counters_;
  FramePath path_;
  uint16_t source_;
  bool wanted_ = true;
  bool down_ = false;
  int64_t last_packet_mono_ns_ = 0;
  int64_t last_packet_stream_ns_ = 0;
  int64_t last_statistics_ns_ = 0;
  uint64_t interface_drops_at_start_ = 0;
  bool interface_drops_known_ = false;
};

}  // namespace weir
