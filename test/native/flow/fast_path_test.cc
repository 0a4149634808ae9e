// The fast path over memory of any content: it stays inside the rows, ends, and takes what is usual only.
#include "../../../native/flow/fast_path.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "../decode/check.h"

namespace {

constexpr uint32_t kCapacity = 1 << 15;
constexpr size_t kRows = 32;
constexpr size_t kColdBytes = 256;
constexpr size_t kPlaces = 64;
constexpr uint32_t kTidings = 3;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kAck = 16;
constexpr uint8_t kSyn = 2;
constexpr uint8_t kFin = 1;
constexpr uint32_t kTrials = 20'000;

uint64_t seed = 88172645463325252ull;
uint32_t any() {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return static_cast<uint32_t>(seed >> 16);
}

void fill(void* memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) static_cast<uint8_t*>(memory)[i] = static_cast<uint8_t>(any());
}

struct Bench {
  std::vector<uint64_t> ring = std::vector<uint64_t>((weir::kRingHeaderBytes + kCapacity) / 8);
  std::vector<uint8_t> hot = std::vector<uint8_t>(kRows * weir::kHotBytes);
  std::vector<uint8_t> cold = std::vector<uint8_t>(kRows * kColdBytes);
  std::array<int32_t, 2 * kPlaces> index{};
  std::array<double, weir::kShardCounterSlots> tally{};
  std::array<double, 512> protocols{};
  std::array<double, 2 * kRows> at_tick{};
  std::array<int32_t, weir::kTableCount> table{};
  std::array<weir::Tiding, kTidings> tidings{};
  weir::FastPathWords words{};
  weir::FastPathTimes times{1e18, 1e18, 60e9};
  weir::FastPath path;

  explicit Bench(bool tells = false, uint32_t room = kTidings) {
    uint8_t* const base = reinterpret_cast<uint8_t*>(ring.data());
    weir::put<uint32_t>(base, weir::kRingAtCapacity, kCapacity);
    weir::Rows rows;
    rows.hot = hot.data();
    rows.cold = cold.data();
    rows.cold_bytes = kColdBytes;
    rows.count = kRows;
    weir::FastPathOptions options;
    options.timed = options.full = options.takes_bytes = true;
    options.tells_opens = options.tells_answers = tells;
    options.cold_touch = 192;
    options.tells_from = 1e18;
    weir::TableMemory memory;
    memory.tally = tally.data();
    memory.protocols = protocols.data();
    memory.at_tick = at_tick.data();
    memory.words = table.data();
    memory.active_timeout = 300e9;
    path = weir::FastPath(weir::RingView(base), rows, options, memory, {tidings.data(), room});
    path.set_index(index.data(), kPlaces);
    for (const uint32_t word : {weir::kTableFreeRow, weir::kTableDueHead, weir::kTableDueTail}) table[word] = -1;
    for (uint32_t list = 0; list < weir::kListCount; list++) table[weir::kTableListHeads + list] = table[weir::kTableListTails + list] = -1;
    table[weir::kTableCredits] = 10;
    table[weir::kTableOpensPerEpoch] = 1000;
    words.most = 1000;
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

}  // namespace

TEST(usual_segments_are_counted) {
  Bench bench;
  bench.connect();
  bench.append();
  weir::PacketRecord& second = bench.append();
  second.seq = 100;
  second.payloadLen = 50;
  EQ(bench.run(), 2u);
  EQ(bench.words.position, bench.words.end);
  EQ(bench.words.sequence, 2u);
  EQ(weir::get<double>(bench.row(), weir::kRowPacketsA), 2.0);
  EQ(weir::get<double>(bench.row(), weir::kRowBytesA), 308.0);
  EQ(weir::get<double>(bench.row(), weir::kRowPayloadA), 150.0);
  EQ(weir::get<uint32_t>(bench.row(), weir::kRowNextSeqA), 150u);
  EQ(weir::get<double>(bench.row(), weir::kRowLastSeen), 5e9);
  EQ(bench.tally[weir::kShardCounterAccounted], 2.0);
  EQ(bench.protocols[2 * kTcp + 1], 308.0);
  // The letter of the first data, once.
  EQ(static_cast<int>(bench.cold_row()[weir::kRowHistoryLength]), 1);
  EQ(static_cast<char>(bench.cold_row()[weir::kRowHistory]), 'D');
}

TEST(an_answer_in_time_is_an_rtt_sample) {
  Bench bench;
  bench.connect();
  bench.append();
  weir::PacketRecord& answer = bench.append();
  answer.flags = static_cast<uint16_t>(weir::RecordFlag::kHasPorts);
  std::swap(answer.srcPort, answer.dstPort);
  std::swap(answer.srcAddr[0], answer.dstAddr[0]);
  answer.ack = 100;
  answer.payloadLen = 0;
  answer.rawNsec = 2'500'000;
  EQ(bench.run(), 2u);
  EQ(weir::get<uint32_t>(bench.cold_row(), weir::kRowRttSamples), 1u);
  CHECK(weir::get<float>(bench.cold_row(), weir::kRowRttMinMs) == 2.5f);
  EQ(weir::get<double>(bench.row(), weir::kRowPacketsB), 1.0);
}

TEST(a_syn_opens_a_row_and_its_answer_moves_it) {
  Bench bench;
  bench.append().tcpFlags = kSyn;
  bench.append_answer().rawNsec = 1'500'000;
  // Row 5 was given back, and row 2 behind it.
  bench.table[weir::kTableFreeRow] = 5;
  weir::put<int32_t>(bench.hot.data() + 5 * weir::kHotBytes, weir::kRowListNext, 2);
  EQ(bench.run(), 2u);
  EQ(bench.index[2 * 7 + 1], 5 + 1);
  EQ(bench.table[weir::kTableFreeRow], 2);
  EQ(bench.table[weir::kTableCredits], 9);
  EQ(bench.table[weir::kTableIndexTaken], 1);
  EQ(bench.table[weir::kTableListHeads + weir::kListNewTcp], -1);
  EQ(bench.table[weir::kTableListTails + weir::kListTcp], 5);
  EQ(bench.table[weir::kTableDueHead], 5);
  EQ(bench.times.due, 305e9);
  EQ(bench.tally[weir::kShardCounterFlowsLive], 1.0);
  const uint8_t* const cold = bench.cold.data() + 5 * kColdBytes - weir::kHotBytes;
  CHECK(std::string(reinterpret_cast<const char*>(cold + weir::kRowHistory), cold[weir::kRowHistoryLength]) == "Sh");
  CHECK(weir::get<float>(cold, weir::kRowSynSynackMs) == 1.5f);
}

TEST(who_hears_of_moments_finds_them_in_their_order) {
  Bench bench(true);
  bench.append().tcpFlags = kSyn;
  bench.append_answer();
  bench.append().seq = 101;
  weir::PacketRecord& other = bench.append();
  other.tcpFlags = kSyn;
  other.srcPort = 4321;
  other.hashLo = 9;
  EQ(bench.run(), 4u);
  EQ(bench.words.tidings, 3u);
  const int32_t slots[] = {0, 0, 1};
  const uint32_t records[] = {0, weir::kRecordBytes + weir::kTidingAnswer, 3 * weir::kRecordBytes};
  for (uint32_t i = 0; i < 3; i++) {
    EQ(bench.tidings[i].slot, slots[i]);
    EQ(bench.tidings[i].record, weir::kRingHeaderBytes + records[i]);
  }
  EQ(bench.run(), 0u);
  EQ(bench.words.tidings, 0u);
}

TEST(a_moment_without_room_is_left_to_the_table) {
  for (const uint32_t room : {0u, 1u}) {
    Bench bench(true, room);
    bench.append().tcpFlags = kSyn;
    bench.append_answer();
    EQ(bench.run(), room);
    EQ(bench.words.tidings, room);
    EQ(bench.words.position, room * weir::kRecordBytes);
  }
}

TEST(no_row_is_opened_without_room_at_hand) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableCredits] = 0; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableFreshRows] = kRows; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableIndexTaken] = kPlaces / 2; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableOpensPerEpoch] = 1; },
      [](Bench&, weir::PacketRecord& r) { r.tcpFlags = kSyn | kAck; },
      [](Bench&, weir::PacketRecord& r) { r.window = 0; },
      [](Bench&, weir::PacketRecord& r) { r.protocol = 17; },
  };
  for (const Change change : changes) {
    Bench bench;
    weir::PacketRecord& record = bench.append();
    record.tcpFlags = kSyn;
    change(bench, record);
    const auto table = bench.table;
    EQ(bench.run(), 0u);
    CHECK(bench.table == table && bench.index[2 * 7 + 1] == 0 && bench.tally[weir::kShardCounterFlowsCreated] == 0);
  }
}

TEST(bytes_that_nobody_wants_are_counted_like_none) {
  const auto taken = [](uint32_t flags, uint32_t sequence) {
    Bench bench;
    bench.connect();
    weir::put<uint32_t>(bench.row(), weir::kRowFlags, weir::kRowFlagSeenA | weir::kRowFlagSeenB | flags);
    weir::PacketRecord& record = bench.append();
    record.carried = 140;
    record.ringSeq = bench.words.sequence = sequence;
    return bench.run();
  };
  EQ(taken(0, 1), 0u);
  EQ(taken(weir::kRowFlagAppDone, 1), 1u);
  EQ(taken(weir::kRowFlagAppFullA, 1), 1u);
  // The record is A's.
  EQ(taken(weir::kRowFlagAppFullB, 1), 0u);
  // Now and then the application layer is reminded to tell the capture thread.
  EQ(taken(weir::kRowFlagAppDone, 16), 0u);
}

TEST(what_is_not_usual_is_left_as_it_is) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench&, weir::PacketRecord& r) { r.tcpFlags = kAck | kSyn; },
      [](Bench&, weir::PacketRecord& r) { r.seq = 1; },
      [](Bench&, weir::PacketRecord& r) { r.window = 0; },
      [](Bench&, weir::PacketRecord& r) { r.tcpFlags = kSyn | kFin; },
      [](Bench& b, weir::PacketRecord& r) {
        r.tcpFlags = kAck | kFin;
        weir::put<uint32_t>(b.cold_row(), weir::kRowLossNode, 1);
      },
      [](Bench&, weir::PacketRecord& r) { r.scopeId = 1; },
      [](Bench&, weir::PacketRecord& r) { r.carried = 8; },
      [](Bench&, weir::PacketRecord& r) { r.optBits = static_cast<uint8_t>(weir::TcpOption::kSack); },
      [](Bench&, weir::PacketRecord& r) { r.flags |= static_cast<uint16_t>(weir::RecordFlag::kBadL4Checksum); },
      [](Bench&, weir::PacketRecord& r) { r.dstAddr[15] = 1; },
      [](Bench&, weir::PacketRecord& r) { r.hashLo = 8; },
      [](Bench&, weir::PacketRecord& r) { r.ringSeq = 9; },
      [](Bench&, weir::PacketRecord& r) { r.length = 0; },
      [](Bench&, weir::PacketRecord& r) { r.kind = static_cast<uint8_t>(weir::RecordKind::kTick); },
      [](Bench& b, weir::PacketRecord&) { b.times.limit = 4e9; },
      [](Bench& b, weir::PacketRecord&) { b.times.due = 5e9; },
      [](Bench& b, weir::PacketRecord&) { b.times.min_timeout = 1e9; },
      [](Bench& b, weir::PacketRecord&) { b.row()[weir::kRowList] = weir::kListCount; },
      [](Bench& b, weir::PacketRecord&) { b.words.most = 0; },
      [](Bench& b, weir::PacketRecord& r) {
        // A keep-alive: one byte before what comes next.
        b.row()[weir::kRowSideA] |= weir::kSideOdd;
        r.seq = UINT32_MAX;
        r.payloadLen = 1;
      },
      [](Bench& b, weir::PacketRecord&) { b.cold_row()[weir::kRowHistoryLength] = weir::kHistoryMax; },
  };
  for (const Change change : changes) {
    Bench bench;
    bench.connect();
    change(bench, bench.append());
    const std::vector<uint8_t> hot = bench.hot;
    const std::vector<uint8_t> cold = bench.cold;
    EQ(bench.run(), 0u);
    EQ(bench.words.position, 0u);
    CHECK(bench.hot == hot && bench.cold == cold && bench.tally[weir::kShardCounterDequeued] == 0);
  }
}

TEST(any_content_stays_in_its_memory) {
  Bench bench(true);
  uint64_t taken = 0;
  for (uint32_t trial = 0; trial < kTrials; trial++) {
    fill(bench.hot.data(), bench.hot.size());
    fill(bench.cold.data(), bench.cold.size());
    fill(bench.index.data(), sizeof bench.index);
    // Records do not wrap: the writer sees to that.
    bench.words.position = bench.words.end = (any() & ~(kCapacity - 1)) + any() % 170 * weir::kRecordBytes;
    bench.words.sequence = bench.appended;
    for (int32_t& word : bench.table) word = static_cast<int32_t>(any() % 64) - 1;
    const uint32_t begin = bench.words.position;
    for (uint32_t i = 0; i < 8; i++) {
      weir::PacketRecord& record = bench.append();
      if (any() % 4 == 0) fill(reinterpret_cast<uint8_t*>(&record) + 40, weir::kRecordBytes - 40);
    }
    if (any() % 2 == 0) {
      bench.connect();
      fill(bench.row() + weir::kRowPacketsA, weir::kHotBytes - weir::kRowPacketsA);
      weir::put<double>(bench.row(), weir::kRowLastSeen, 4e9);
      for (uint32_t side = 0; side < 2; side++) bench.row()[weir::kRowSideA + side] = weir::kSideSeq | weir::kSideQuiet;
    }
    taken += bench.run();
    CHECK(bench.words.position - begin <= bench.words.end - begin);
    CHECK(bench.words.tidings <= kTidings);
  }
  CHECK(taken < kTrials);
}
