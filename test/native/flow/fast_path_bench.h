// A fast path with rows, a ring and everything that it shares, each as long as it has to be.
#pragma once
#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "../../../native/flow/fast_path.h"

namespace weir_test {

constexpr uint32_t kCapacity = 1 << 15;
constexpr size_t kRows = 32;
constexpr size_t kColdBytes = 256;
constexpr size_t kPlaces = 64;
constexpr uint32_t kNewcomers = 3;
constexpr uint32_t kEntries = 5;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kAck = 16;
constexpr uint8_t kSyn = 2;
constexpr uint8_t kRst = 4;

inline uint64_t seed = 88172645463325252ull;
inline uint32_t any() {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return static_cast<uint32_t>(seed >> 16);
}

inline void fill(void* memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) static_cast<uint8_t*>(memory)[i] = static_cast<uint8_t>(any());
}

// What detection keeps, each array as long as it has to be.
struct Heard {
  std::vector<int32_t> words = std::vector<int32_t>(weir::kMomentCount);
  std::vector<uint8_t> openers = std::vector<uint8_t>(kRows);
  std::vector<int32_t> attempts = std::vector<int32_t>(kRows);
  std::vector<uint32_t> answers = std::vector<uint32_t>(weir::kMomentBoundEntries);
  std::vector<int32_t> waiting = std::vector<int32_t>(weir::kMomentBoundWaiting);
  std::vector<double> waiting_firsts = std::vector<double>(weir::kMomentBoundWaiting);
  std::vector<double> waiting_since = std::vector<double>(weir::kMomentBoundWaiting);
  std::vector<int32_t> services = std::vector<int32_t>(size_t{weir::kMomentBoundServices} * weir::kServiceCount);
  std::vector<int32_t> used = std::vector<int32_t>(weir::kMomentBoundServices);
  std::vector<int32_t> surges = std::vector<int32_t>(2 * weir::kMomentBoundSurges);
  std::vector<uint8_t> registers = std::vector<uint8_t>(size_t{weir::kMomentBoundSurges} * weir::kMomentBoundRegisters);
  std::vector<weir::MomentEntry> entries = std::vector<weir::MomentEntry>(kEntries);
  std::vector<int32_t> end_words = std::vector<int32_t>(weir::kMomentCount);
  std::vector<weir::EndEntry> ends = std::vector<weir::EndEntry>(kEntries);

  weir::MomentMemory memory() {
    return {words.data(),          end_words.data(),     openers.data(), attempts.data(), answers.data(), waiting.data(),
            waiting_firsts.data(), waiting_since.data(), {services.data(), used.data(), surges.data(), registers.data()}};
  }
  // The words of the only service that was tried.
  int32_t* service() { return services.data() + size_t{weir::kServiceCount} * static_cast<uint32_t>(used[0]); }
};

struct Bench {
  std::vector<uint64_t> ring = std::vector<uint64_t>((weir::kRingHeaderBytes + kCapacity) / 8);
  std::vector<uint8_t> hot = std::vector<uint8_t>(kRows * weir::kHotBytes);
  std::vector<uint8_t> cold = std::vector<uint8_t>(kRows * kColdBytes);
  std::array<int32_t, 2 * kPlaces> index{};
  std::array<double, weir::kShardCounterSlots> tally{};
  std::array<double, 512> protocols{};
  std::array<double, 2 * kRows> at_tick{};
  std::array<int32_t, weir::kTableCount> table{};
  std::array<int32_t, kNewcomers> newcomers{};
  std::vector<uint32_t> syn_keys = std::vector<uint32_t>(2 * size_t{weir::kSynBoundPlaces});
  std::vector<uint32_t> syn_answers = std::vector<uint32_t>(weir::kSynBoundPlaces);
  std::unique_ptr<Heard> heard;
  std::vector<uint8_t> states = std::vector<uint8_t>(kRows);
  std::vector<uint8_t> stream_ports = std::vector<uint8_t>(65'536);
  std::vector<uint8_t> datagram_ports = std::vector<uint8_t>(65'536);
  std::array<int32_t, weir::kAppWords> app_words{1, 0};
  std::array<int32_t, 64> tags{};
  std::unique_ptr<weir::AppFlows> apps;
  weir::FastPathWords words{};
  weir::FastPathTimes times{1e18, 1e18, 60e9};
  weir::FastPath path;

  // `detects`: detection hears of moments. `room`: of somebody who hears of new flows. `reads`: applications are read.
  explicit Bench(bool detects = false, uint32_t room = 0, bool reads = false) : heard(detects ? new Heard : nullptr) {
    uint8_t* const base = reinterpret_cast<uint8_t*>(ring.data());
    weir::put<uint32_t>(base, weir::kRingAtCapacity, kCapacity);
    weir::Rows rows;
    rows.hot = hot.data();
    rows.cold = cold.data();
    rows.cold_bytes = kColdBytes;
    rows.count = kRows;
    weir::FastPathOptions options;
    options.timed = options.full = options.takes_bytes = true;
    options.cold_touch = 192;
    options.tells_from = 1e18;
    weir::TableMemory memory;
    memory.tally = tally.data();
    memory.protocols = protocols.data();
    memory.at_tick = at_tick.data();
    memory.words = table.data();
    memory.active_timeout = 300e9;
    const weir::AppFlowsMemory app_memory = {tally.data(),     states.data(), stream_ports.data(), datagram_ports.data(),
                                             app_words.data(), tags.data(),   63};
    if (reads) apps = std::make_unique<weir::AppFlows>(rows, app_memory);
    path = weir::FastPath(weir::RingView(base), rows, options, memory, {newcomers.data(), room},
                          detects ? heard->memory() : weir::MomentMemory{}, {syn_keys.data(), syn_answers.data()}, apps.get());
    if (detects) path.set_entries(heard->entries.data(), heard->entries.size());
    if (detects) path.set_ends(heard->ends.data(), heard->ends.size());
    path.set_index(index.data(), kPlaces);
    set_empty();
    words.most = 1000;
  }

  // No flow in any list, and room for some.
  void set_empty() {
    table.fill(0);
    for (const uint32_t word : {weir::kTableFreeRow, weir::kTableDueHead, weir::kTableDueTail}) table[word] = -1;
    for (uint32_t list = 0; list < weir::kListCount; list++) table[weir::kTableListHeads + list] = table[weir::kTableListTails + list] = -1;
    table[weir::kTableCredits] = 10;
    table[weir::kTableOpensPerEpoch] = 1000;
  }

  weir::PacketRecord& record(uint32_t position) {
    uint8_t* const data = reinterpret_cast<uint8_t*>(ring.data()) + weir::kRingHeaderBytes;
    return *reinterpret_cast<weir::PacketRecord*>(data + (position & (kCapacity - 1)));
  }

  weir::PacketRecord& append() {
    weir::PacketRecord& made = record(words.end);
    made = weir::PacketRecord{};
    made.length = weir::kRecordBytes;
    made.kind = static_cast<uint8_t>(weir::RecordKind::kPacket);
    made.flags = static_cast<uint16_t>(weir::RecordFlag::kHasPorts) | static_cast<uint16_t>(weir::RecordFlag::kFromA);
    made.ringSeq = appended++;
    made.protocol = kTcp;
    made.tcpFlags = kAck;
    made.srcPort = 1234;
    made.dstPort = 80;
    made.srcAddr[0] = 10;
    made.dstAddr[0] = 20;
    made.hashLo = 7;
    made.window = 500;
    made.wireLen = 154;
    made.ipLen = 140;
    made.payloadLen = 100;
    made.streamNs = 5e9;
    words.end += weir::kRecordBytes;
    return made;
  }

  // The server's answer to the SYN before.
  weir::PacketRecord& append_answer() {
    weir::PacketRecord& answer = append();
    answer.flags = static_cast<uint16_t>(weir::RecordFlag::kHasPorts);
    std::swap(answer.srcPort, answer.dstPort);
    std::swap(answer.srcAddr[0], answer.dstAddr[0]);
    answer.tcpFlags = kSyn | kAck;
    answer.ack = 101;
    answer.payloadLen = 0;
    return answer;
  }

  // A connection in slot 3 to which the records belong: both sides have spoken, the next sequence number of each is 0.
  void connect() {
    index[2 * 7] = 7;
    index[2 * 7 + 1] = 3 + 1;
    uint8_t* const row = hot.data() + 3 * weir::kHotBytes;
    weir::put<uint16_t>(row, weir::kRowPortA, 1234);
    weir::put<uint16_t>(row, weir::kRowPortB, 80);
    weir::put<uint16_t>(row, weir::kRowProtocol, kTcp | weir::kRoleHasPorts << 8);
    row[weir::kRowAddrA] = 10;
    row[weir::kRowAddrB] = 20;
    weir::put<uint32_t>(row, weir::kRowFlags, weir::kRowFlagSeenA | weir::kRowFlagSeenB);
    for (uint32_t side = 0; side < 2; side++) row[weir::kRowSideA + side] = weir::kSideSeq | weir::kSideQuiet;
    weir::put<double>(row, weir::kRowLastSeen, 4e9);
  }
  uint8_t* row() { return hot.data() + 3 * weir::kHotBytes; }
  uint8_t* cold_row() { return cold.data() + 3 * kColdBytes - weir::kHotBytes; }

  uint32_t run() {
    path.run(words, times);
    return words.taken;
  }

  uint32_t appended = 0;
};

}  // namespace weir_test
