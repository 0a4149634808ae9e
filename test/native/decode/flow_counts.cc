// Prints packets and wire bytes per flow of capture files, straight from the decoder: a check of the decoder alone, to
// be compared with what another dissector counts.
//
//   flow_counts [--no-tunnels] FILE...
//
// Per file one line "F <path>", then per flow
//   <P|O> <protocol> <a> <port> <b> <port> <packets a→b> <b→a> <bytes a→b> <b→a> <packets inside tunnels> <later fragments>
// (P: accounted, O: outer layer of a tunnel) and one line of totals.
#include <arpa/inet.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <tuple>

#include "../../../native/decode/decoder.h"

namespace {

using weir::Decoded;
using weir::Disposition;
using weir::PacketRecord;
using weir::RecordFlag;
using weir::RecordKind;

struct Count {
  uint64_t packets[2];
  uint64_t bytes[2];
  uint64_t tunneled;
  uint64_t later;
};

using Key = std::tuple<char, int, std::string, int, std::string, int>;

bool has(const PacketRecord& r, RecordFlag flag) { return (r.flags & static_cast<uint16_t>(flag)) != 0; }

std::string address(const uint8_t* bytes, bool ipv6) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes, text, sizeof text);
  return text;
}

struct Totals {
  uint64_t frames = 0;
  uint64_t flow = 0;
  uint64_t rejected = 0;
  uint64_t not_flow = 0;
  uint64_t held = 0;
  uint64_t released = 0;
  uint64_t lost = 0;
  uint64_t reasons[32] = {};
};

class Tally {
 public:
  void add(const PacketRecord& r, char role) {
    const bool ipv6 = has(r, RecordFlag::kIpv6);
    const bool ports = has(r, RecordFlag::kHasPorts);
    const bool from_a = has(r, RecordFlag::kFromA);
    const uint8_t* a = from_a ? r.srcAddr : r.dstAddr;
    const uint8_t* b = from_a ? r.dstAddr : r.srcAddr;
    const int port_a = ports ? (from_a ? r.srcPort : r.dstPort) : 0;
    const int port_b = ports ? (from_a ? r.dstPort : r.srcPort) : 0;
    Count& count = flows_[Key(role, r.protocol, address(a, ipv6), port_a, address(b, ipv6), port_b)];
    const int side = from_a ? 0 : 1;
    ++count.packets[side];
    count.bytes[side] += r.wireLen;
    count.tunneled += has(r, RecordFlag::kTunneled);
    count.later += has(r, RecordFlag::kFragmentLater);
  }

  void take(const Decoded& out, Totals& totals) {
    for (const auto& released : out.released) add(released.record, 'P');
    totals.released += out.released.size();
    totals.lost += out.lost.size();
  }

  void print() const {
    for (const auto& [key, count] : flows_) {
      const auto& [role, protocol, a, port_a, b, port_b] = key;
      std::printf("%c %d %s %d %s %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", role, protocol, a.c_str(),
                  port_a, b.c_str(), port_b, count.packets[0], count.packets[1], count.bytes[0], count.bytes[1], count.tunneled,
                  count.later);
    }
  }

 private:
  std::map<Key, Count> flows_;
};

void count_frame(const Decoded& out, Tally& tally, Totals& totals) {
  ++totals.frames;
  tally.take(out, totals);
  switch (out.disposition) {
    case Disposition::kFlow:
      ++totals.flow;
      tally.add(out.records[0].record, 'P');
      break;
    case Disposition::kRejected:
      ++totals.rejected;
      ++totals.reasons[static_cast<int>(out.reason) & 31];
      return;
    case Disposition::kNotFlow: ++totals.not_flow; return;
    case Disposition::kHeld: ++totals.held; break;
  }
  for (int i = 1; i < out.count; ++i) {
    const PacketRecord& r = out.records[i].record;
    if (r.kind == static_cast<uint8_t>(RecordKind::kOuter)) tally.add(r, 'O');
  }
}

bool run(const char* path, bool tunnels) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
  std::printf("F %s\n", path);
  if (file == nullptr) {
    std::printf("E %s\n", error);
    return false;
  }
  weir::DecodeOptions options;
  options.tunnels = tunnels;
  weir::Decoder decoder(options);
  static Decoded out;
  Tally tally;
  Totals totals;
  pcap_pkthdr* header;
  const u_char* bytes;
  const auto link = static_cast<uint16_t>(pcap_datalink(file));
  double now = 0;
  int code;
  while ((code = pcap_next_ex(file, &header, &bytes)) == 1) {
    now = std::max(now, static_cast<double>(header->ts.tv_sec) * 1e9 + static_cast<double>(header->ts.tv_usec));
    weir::Frame frame = {};
    frame.bytes = bytes;
    frame.captured = header->caplen;
    frame.wire = header->len;
    frame.link_type = link;
    frame.stream_ns = now;
    frame.stripped_vlan = weir::kNoStrippedVlan;
    decoder.decode(frame, out);
    count_frame(out, tally, totals);
  }
  if (code == PCAP_ERROR) std::printf("E %s\n", pcap_geterr(file));
  decoder.flush(out);
  tally.take(out, totals);
  tally.print();
  std::printf("T frames %" PRIu64 " flow %" PRIu64 " rejected %" PRIu64 " not_flow %" PRIu64, totals.frames, totals.flow, totals.rejected,
              totals.not_flow);
  std::printf(" held %" PRIu64 " released %" PRIu64 " lost %" PRIu64, totals.held, totals.released, totals.lost);
  for (int i = 0; i < 32; ++i) {
    if (totals.reasons[i] != 0) std::printf(" r%d=%" PRIu64, i, totals.reasons[i]);
  }
  std::printf("\n");
  pcap_close(file);
  const bool whole = totals.frames == totals.flow + totals.rejected + totals.not_flow + totals.held &&
                     totals.held == totals.released + totals.lost;
  if (!whole) std::printf("E frames do not add up\n");
  return whole;
}

}  // namespace

int main(int argc, char** argv) {
  bool tunnels = true;
  bool whole = true;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--no-tunnels") == 0) {
      tunnels = false;
    } else {
      whole = run(argv[i], tunnels) && whole;
    }
  }
  return whole ? 0 : 1;
}
