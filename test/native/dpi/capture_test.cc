// Feeds the packets of capture files through the detector as a shard does (batches, slots, give-ups, releases), to be built
// with sanitizers. Checks what must hold for any bytes: a slot is settled once, counters add up, all memory comes back.
//
//   capture_test [--labels] [--shards N] [--max-flows N] [--mutate SEED] [--seconds N] FILE...
//
// --labels prints one line per flow. --shards spreads the flows of each file over several detectors. --mutate cuts packets
// and changes bytes of them. --seconds ends after the file during which that time has passed.
#include <arpa/inet.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../../native/decode/decoder.h"
#include "../../../native/dpi/ndpi_batch.h"

namespace {

using weir::Detector;
using weir::DpiState;
using weir::PacketRecord;
using weir::RecordFlag;

constexpr uint32_t kBatch = 128;

bool has(const PacketRecord& r, RecordFlag flag) { return (r.flags & static_cast<uint16_t>(flag)) != 0; }

[[noreturn]] void fail(const char* what, uint64_t a, uint64_t b) {
  std::fprintf(stderr, "%s: %" PRIu64 ", %" PRIu64 "\n", what, a, b);
  std::exit(1);
}

// Changes packets behind their headers: a third is cut (with the lengths in the headers following), most lose some bytes.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u) {}

  uint32_t operator()(uint8_t* packet, uint32_t length) {
    if (state_ == 0) return length;
    const bool ipv4 = packet[0] >> 4 == 4;
    const uint32_t kept = ipv4 ? 28 : 48;
    if (length <= kept + 4) return length;
    if (next() % 3 == 0) {
      length = kept + static_cast<uint32_t>(next() % (length - kept));
      put16(packet + (ipv4 ? 2 : 4), ipv4 ? length : length - 40);
      if (packet[ipv4 ? 9 : 6] == 17) put16(packet + kept - 4, length - kept + 8);
    }
    if (length == kept) return length;
    for (uint64_t changes = next() % 6; changes > 0; --changes) {
      // Half of them near the beginning, where the fields are that dissectors look at.
      const uint32_t reach = next() % 2 == 0 ? length - kept : std::min<uint32_t>(length - kept, 64);
      packet[kept + next() % reach] = static_cast<uint8_t>(next() % 4 == 0 ? (next() % 2) * 0xff : next());
    }
    return length;
  }

 private:
  static void put16(uint8_t* at, uint32_t value) {
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
  }
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }

  uint64_t state_;
};

struct Flow {
  PacketRecord first;
  uint32_t slot;
  uint32_t packets = 0;
  uint32_t verdict[weir::kDpiResultWords] = {};
};

std::string endpoint(const PacketRecord& r, bool source) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(has(r, RecordFlag::kIpv6) ? AF_INET6 : AF_INET, source ? r.srcAddr : r.dstAddr, text, sizeof text);
  return std::string(text) + "|" + std::to_string(has(r, RecordFlag::kHasPorts) ? (source ? r.srcPort : r.dstPort) : 0);
}

class Feeder {
 public:
  Feeder(std::unique_ptr<Detector> detector, uint64_t seed) : owned_(std::move(detector)), detector_(*owned_), mutate_(seed) {}

  void add(const PacketRecord& r, const u_char* frame, uint32_t captured) {
    if (r.l3Off >= captured) return;
    const uint64_t hash = static_cast<uint64_t>(r.hashHi) << 32 | r.hashLo;
    auto [at, fresh] = flows_.try_emplace(hash);
    Flow& flow = at->second;
    if (fresh) {
      flow.first = r;
      flow.slot = static_cast<uint32_t>(order_.size());
      order_.push_back(&flow);
    }
    ++flow.packets;
    // What a shard would carry: from the IP header on, without padding behind the packet.
    const size_t offset = bytes_.size();
    uint32_t length = std::min(captured - r.l3Off, r.ipLen);
    bytes_.insert(bytes_.end(), frame + r.l3Off, frame + r.l3Off + length);
    length = mutate_(bytes_.data() + offset, length);
    bytes_.resize(offset + length);
    const bool from_server = has(r, RecordFlag::kFromA) != has(flow.first, RecordFlag::kFromA);
    const auto ms = static_cast<uint64_t>(r.rawSec) * 1000 + r.rawNsec / 1000000;
    const uint32_t bits = (from_server ? weir::kDpiFromServer : 0) | weir::kDpiWhole;
    for (const uint32_t word : {flow.slot, bits, static_cast<uint32_t>(ms), static_cast<uint32_t>(ms >> 32), static_cast<uint32_t>(offset), length}) {
      entries_.push_back(word);
    }
    if (entries_.size() == kBatch * weir::kDpiEntryWords) flush();
  }

  void flush() {
    // Blocks of exactly the sizes that are passed, so that a sanitizer sees any step beyond.
    const auto count = static_cast<uint32_t>(entries_.size() / weir::kDpiEntryWords);
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[bytes_.size()]);
    if (!bytes_.empty()) std::memcpy(bytes.get(), bytes_.data(), bytes_.size());
    const std::unique_ptr<uint32_t[]> results(new uint32_t[count * weir::kDpiResultWords]);
    if (weir::first_wrong_entry(entries_.data(), count, detector_.max_slots(), bytes_.size()) != count) fail("wrong entry", count, 0);
    weir::process_batch(detector_, entries_.data(), count, bytes.get(), results.get());
    for (uint32_t i = 0; i < count; ++i) take(*order_[entries_[i * weir::kDpiEntryWords]], results.get() + i * weir::kDpiResultWords);
    entries_.clear();
    bytes_.clear();
  }

  // The end of a capture: every flow is given up, then released.
  void finish(bool labels) {
    flush();
    for (Flow* flow : order_) {
      uint32_t result[weir::kDpiResultWords];
      const weir::DpiVerdict verdict = detector_.give_up(flow->slot);
      weir::write_result(verdict, result);
      take(*flow, result);
      if (detector_.give_up(flow->slot).state != DpiState::kSettled) fail("a flow was given up twice", flow->slot, 0);
      if (labels) print(*flow);
    }
    for (Flow* flow : order_) detector_.release(flow->slot);
    flows_total_ += order_.size();
    order_.clear();
    flows_.clear();
    const weir::DpiMemory memory = detector_.memory();
    if (memory.flows != 0) fail("structures are left", memory.flows, 0);
  }

  const Detector& detector() const { return detector_; }
  uint64_t flows() const { return flows_total_; }
  const uint64_t* states() const { return states_; }

 private:
  void take(Flow& flow, const uint32_t* result) {
    ++states_[result[0]];
    const auto state = static_cast<DpiState>(result[0]);
    const bool settled = flow.verdict[0] == static_cast<uint32_t>(DpiState::kClassified) || flow.verdict[0] == static_cast<uint32_t>(DpiState::kGaveUp);
    if (settled && state != DpiState::kSettled) fail("a settled flow was looked at", flow.slot, result[0]);
    if (state == DpiState::kPartial || state == DpiState::kClassified || state == DpiState::kGaveUp) {
      std::memcpy(flow.verdict, result, sizeof flow.verdict);
    }
    if (detector_.protocol_name(result[1]) == nullptr || detector_.protocol_name(result[2]) == nullptr) fail("no such protocol", result[1], result[2]);
  }

  void print(const Flow& flow) const {
    std::printf("%d|%s|%s %s.%s state=%u confidence=%u guessed=%u risks=%08x%08x packets=%u\n", flow.first.protocol,
                endpoint(flow.first, true).c_str(), endpoint(flow.first, false).c_str(), detector_.protocol_name(flow.verdict[1]),
                detector_.protocol_name(flow.verdict[2]), flow.verdict[0], flow.verdict[4], flow.verdict[7], flow.verdict[6], flow.verdict[5],
                flow.packets);
  }

  std::unique_ptr<Detector> owned_;
  Detector& detector_;
  Mutator mutate_;
  std::map<uint64_t, Flow> flows_;
  std::vector<Flow*> order_;
  std::vector<uint32_t> entries_;
  std::vector<uint8_t> bytes_;
  uint64_t flows_total_ = 0;
  uint64_t states_[6] = {};
};

bool run(const char* path, std::vector<Feeder>& feeders, bool labels) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
  if (file == nullptr) return false;
  if (labels) std::printf("F %s\n", path);
  weir::Decoder decoder((weir::DecodeOptions()));
  static weir::Decoded out;
  pcap_pkthdr* header;
  const u_char* bytes;
  double ordinal = 0;
  while (pcap_next_ex(file, &header, &bytes) == 1) {
    weir::Frame frame = {};
    frame.bytes = bytes;
    frame.captured = header->caplen;
    frame.wire = header->len;
    frame.link_type = static_cast<uint16_t>(pcap_datalink(file));
    frame.sec = header->ts.tv_sec;
    frame.nsec = static_cast<uint32_t>(header->ts.tv_usec);
    frame.stream_ns = static_cast<double>(header->ts.tv_sec) * 1e9 + static_cast<double>(header->ts.tv_usec);
    frame.ordinal = ++ordinal;
    frame.stripped_vlan = weir::kNoStrippedVlan;
    decoder.decode(frame, out);
    if (out.disposition != weir::Disposition::kFlow) continue;
    const PacketRecord& record = out.records[0].record;
    feeders[record.hashHi % feeders.size()].add(record, bytes, header->caplen);
  }
  pcap_close(file);
  for (Feeder& feeder : feeders) feeder.finish(labels);
  return true;
}

void report(const Feeder& feeder, int files, double seconds) {
  const weir::DpiCounters& counters = feeder.detector().counters();
  const weir::DpiMemory memory = feeder.detector().memory();
  const uint64_t* const states = feeder.states();
  if (states[2] != counters.classified || states[3] != counters.gave_up || states[4] != counters.refused) fail("counters", states[2], states[3]);
  if (memory.heap_known && memory.flow_bytes != 0) fail("memory of flows is left", static_cast<uint64_t>(memory.flow_bytes), 0);
  std::printf("%d files, %" PRIu64 " flows, %" PRIu64 " packets looked at, %" PRIu64 " classified, %" PRIu64 " given up (%" PRIu64
              " for memory), %" PRIu64 " refused, %.1f s\n",
              files, feeder.flows(), counters.packets, counters.classified, counters.gave_up, counters.heap_give_ups, counters.refused, seconds);
  std::printf("module %" PRId64 " bytes; flows: %u at most, structure %u bytes, peak %" PRId64 " bytes\n", memory.module_bytes, memory.peak_flows,
              memory.flow_struct_bytes, memory.peak_flow_bytes);
}

struct Arguments {
  bool labels = false;
  double seconds = 1e9;
  uint64_t seed = 0;
  int shards = 1;
  uint32_t max_flows = 1000000;
  std::vector<const char*> paths;
};

Arguments read_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : "0";
    if (name == "--labels") {
      arguments.labels = true;
    } else if (name == "--seconds") {
      arguments.seconds = std::atof(value);
      ++i;
    } else if (name == "--mutate") {
      arguments.seed = std::strtoull(value, nullptr, 10);
      ++i;
    } else if (name == "--shards") {
      arguments.shards = std::max(1, std::atoi(value));
      ++i;
    } else if (name == "--max-flows") {
      arguments.max_flows = static_cast<uint32_t>(std::atoi(value));
      ++i;
    } else {
      arguments.paths.push_back(argv[i]);
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);
  weir::DpiOptions options;
  options.max_flows = arguments.max_flows;
  std::vector<Feeder> feeders;
  for (int i = 0; i < arguments.shards; ++i) {
    std::string why;
    std::unique_ptr<Detector> detector = Detector::open(options, why);
    if (detector == nullptr) fail(why.c_str(), 0, 0);
    feeders.emplace_back(std::move(detector), arguments.seed);
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  int files = 0;
  for (const char* path : arguments.paths) {
    if (elapsed() > arguments.seconds) break;
    files += run(path, feeders, arguments.labels);
  }
  for (const Feeder& feeder : feeders) report(feeder, files, elapsed());
  return 0;
}
