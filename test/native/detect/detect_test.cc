// Tables, fronts and the walk of detection over entries of any content: they end, stay inside their memory, and keep count.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <list>
#include <memory>
#include <vector>

#include "../../../native/base/random.h"
#include "../../../native/detect/answered_contacts.h"
#include "../../../native/detect/row_fronts.h"
#include "../../../native/detect/tick_walk.h"
#include "../decode/check.h"

namespace {

using weir::EndEntry;
using weir::MomentEntry;
using weir::Random;

void fill(void* memory, size_t bytes, Random& random) {
  for (size_t i = 0; i < bytes; ++i) static_cast<uint8_t*>(memory)[i] = static_cast<uint8_t>(random.next() >> 32);
}

// Any bytes, with flows that meet each other now and then.
template <typename Entry>
std::vector<Entry> any_entries(size_t count, Random& random) {
  std::vector<Entry> entries(count);
  fill(entries.data(), count * sizeof(Entry), random);
  for (Entry& entry : entries) {
    if (random.chance(0.5)) continue;
    auto* const head = reinterpret_cast<weir::EntryHead*>(&entry);
    head->flags = random.chance(0.7) ? weir::kEntryAccepted : 0;
    head->source_port = static_cast<uint16_t>(random.below(3));
    head->target_port = static_cast<uint16_t>(random.below(2));
    head->kind = static_cast<uint8_t>(1 + random.below(5));
    head->protocol = random.chance(0.5) ? 6 : 17;
    head->at = head->second_at = random.below(1000);
    head->ordinal = head->second_ordinal = random.below(1000);
    for (uint32_t* const words : {head->source, head->target}) {
      memset(words, 0, 16);
      words[0] = 10 + (random.below(40) << 24);
    }
  }
  return entries;
}

struct Rows {
  explicit Rows(size_t room) : offsets(room), times(room), numbers(room), sources(room), targets(room) {}

  weir::WalkRows view() { return {offsets.data(), times.data(), numbers.data(), sources.data(), targets.data(), offsets.size()}; }

  std::vector<int32_t> offsets;
  std::vector<double> times;
  std::vector<int32_t> numbers;
  std::vector<uint8_t> sources;
  std::vector<uint8_t> targets;
};

TEST(a_table_forgets_what_was_not_used_for_the_longest_time) {
  constexpr uint32_t kMost = 40;
  Random random(1);
  weir::KeyTableRoom room(2, kMost, 7);
  weir::KeyTable table = room.table();
  // Keys, least recently used first.
  std::list<uint32_t> known;
  for (int i = 0; i < 20'000; ++i) {
    const uint32_t number = random.below(90);
    const uint32_t key[2] = {number, number * 3};
    const uint32_t hash = table.hash_of(key);
    const int32_t row = table.find(key, hash);
    const auto place = std::find(known.begin(), known.end(), number);
    EQ(row != weir::kNoRow, place != known.end());
    if (row != weir::kNoRow && random.chance(0.1)) {
      table.drop(row);
      known.erase(place);
      continue;
    }
    if (row != weir::kNoRow) {
      table.use(row);
      known.erase(place);
    } else {
      if (known.size() == kMost) {
        EQ(table.key_of(table.next_to_go())[0], known.front());
        known.pop_front();
      }
      EQ(table.key_of(table.insert(key, hash))[0], number);
    }
    known.push_back(number);
    EQ(table.size(), known.size());
    EQ(table.key_of(table.oldest())[0], known.front());
  }
}

TEST(answered_contacts_have_their_bounds) {
  Random random(2);
  weir::AnsweredContacts contacts(9);
  for (uint32_t i = 0; i < 400'000; ++i) {
    const uint32_t version = random.below(3) == 0 ? 6 : 4;
    const weir::AddressWords source{random.below(20) == 0 ? i : random.below(300), 0, 0, 0, version};
    contacts.add(source, {random.below(4000), 0, 0, version == 6 ? random.below(2) : 0, version}, random.below(3), i);
    const int32_t row = contacts.find(source);
    CHECK(contacts.is_source(row));
    CHECK(contacts.size_of(row) < 2 * 2048);
    if (i % 1000 == 0) {
      CHECK(contacts.latest_of(row, i, 1e6, 10).size() <= 10);
      CHECK(contacts.count_of(row, {static_cast<double>(i), 1e6, 7, nullptr, 1}) <= 7);
    }
  }
  contacts.expire(1e6, 1);
  EQ(contacts.find({1, 0, 0, 0, 4}), weir::kNoRow);
}

// A front of each kind, with tables that are soon full.
struct Fronts {
  static constexpr uint32_t kMost = 16;

  Fronts(bool are_ends, const uint8_t* flags) {
    for (uint32_t kind = 0; kind < weir::kFrontKinds; ++kind) {
      const auto as = static_cast<weir::FrontKind>(kind);
      const bool is_of_moments = as == weir::FrontKind::kNewHosts || as == weir::FrontKind::kNewServices;
      if (as != weir::FrontKind::kGate && is_of_moments == are_ends) continue;
      const uint32_t words = as == weir::FrontKind::kNewServices ? 6 : as == weir::FrontKind::kNewHosts || as == weir::FrontKind::kVolumeSums ? 5 : 9;
      rooms.push_back(std::make_unique<weir::KeyTableRoom>(words, kMost, kind));
      weir::Front front;
      front.kind = as;
      front.protocols = flags;
      front.below_ns = front.below_bytes = INFINITY;
      front.table = rooms.back()->table();
      front.began = &began;
      front.learn_ns = 300;
      front.heavy = heavy;
      front.words = words_of;
      front.numbers = numbers;
      front.sums = sums;
      front.limit = 1e9;
      fronts.push_back(front);
    }
  }

  std::vector<std::unique_ptr<weir::KeyTableRoom>> rooms;
  std::vector<weir::Front> fronts;
  double began = NAN;
  uint8_t heavy[kMost] = {0, 1};
  int32_t words_of[kMost * 11] = {};
  double numbers[kMost * 5] = {};
  double sums[kMost] = {};
};

template <typename Entry>
void go_through(bool are_ends) {
  Random random(3);
  std::vector<uint8_t> flags(256, 1);
  Fronts of(are_ends, flags.data());
  weir::RowFronts fronts(of.fronts);
  for (int trial = 0; trial < 300; ++trial) {
    const std::vector<Entry> entries = any_entries<Entry>(50, random);
    Rows rows(40);
    for (size_t row = 0; row < 40; ++row) {
      rows.offsets[row] = static_cast<int32_t>(random.below(50) * sizeof(Entry));
      rows.times[row] = random.below(1000);
      rows.sources[row] = static_cast<uint8_t>(random.below(8));
      rows.targets[row] = static_cast<uint8_t>(random.below(8));
    }
    const bool is_wrong = trial % 10 == 9;
    if (is_wrong) rows.offsets[7] = random.chance(0.5) ? -1 : static_cast<int32_t>(50 * sizeof(Entry));
    const size_t strays = fronts.begin(weir::Entries<Entry>{entries.data(), entries.size()}, rows.view(), 60);
    EQ(strays, is_wrong ? 1 : 0);
    if (is_wrong) continue;
    int64_t last = -1;
    uint32_t mask = 0;
    for (int64_t row = fronts.next(mask); row >= 0; row = fronts.next(mask)) {
      CHECK(row > last && row < 40);
      CHECK(mask != 0 && mask >> of.fronts.size() == 0);
      last = row;
    }
  }
  CHECK(!std::isnan(of.began));
}

TEST(fronts_go_through_attempts) { go_through<MomentEntry>(false); }
TEST(fronts_go_through_volumes_and_ends) { go_through<EndEntry>(true); }

// Every stop is left as it is, and the walk goes on behind it.
TEST(the_walk_goes_through_any_entries) {
  Random random(4);
  weir::WalkCursor cursor{};
  std::vector<uint8_t> lanes(256);
  std::vector<double> waiting(256);
  std::vector<weir::ContactWants> wants(256 * weir::kMostWants);
  std::vector<uint8_t> marks(weir::AddressPlaces::kPlaces);
  std::vector<int32_t> places(weir::AddressPlaces::kPlaces * weir::AddressPlaces::kWords);
  std::vector<uint8_t> classes(weir::AddressPlaces::kPlaces);
  const uint32_t v4[] = {0x0a000000, 0xff000000};
  MomentEntry held{};
  weir::WalkMemory memory{&cursor, lanes.data(), waiting.data(), wants.data(), marks.data(), &held, {places.data(), classes.data()}, {}, 100};
  memory.networks.emplace(v4, 1, v4, 0);
  weir::TickWalk walk(memory, 5);
  for (const uint8_t protocol : {uint8_t{6}, uint8_t{17}}) walk.make_answered(protocol);
  size_t shown_late = 0;
  for (int trial = 0; trial < 300; ++trial) {
    fill(lanes.data(), lanes.size(), random);
    fill(wants.data(), wants.size() * sizeof(weir::ContactWants), random);
    fill(marks.data(), marks.size() / 50, random);
    for (double& at : waiting) at = random.chance(0.5) ? INFINITY : random.below(1000);
    const std::vector<MomentEntry> moments = any_entries<MomentEntry>(60, random);
    std::vector<uint32_t> answers(50);
    for (uint32_t& answer : answers) answer = random.below(70);
    const double objects[] = {100, 1, 500, 2};
    Rows rows(30);
    cursor = {};
    cursor.holding = random.below(3);
    const weir::TickSpan span{50, random.chance(0.2) ? INFINITY : 1000};
    walk.begin_moments({moments.data(), moments.size()}, {answers.data(), answers.size()}, {objects, 4}, span, rows.view());
    size_t stops = 0;
    for (weir::WalkStop stop; (stop = walk.next_moment()) != weir::WalkStop::kDone;) {
      if (stop == weir::WalkStop::kOver) continue;
      ++(stop == weir::WalkStop::kHeld ? shown_late : stops);
    }
    if (random.chance(0.1)) {
      while (walk.release() == weir::WalkStop::kHeld) ++shown_late;
    }
    CHECK(stops <= 60 + 50 + 2);
    CHECK(shown_late <= 60 * (static_cast<size_t>(trial) + 1));
    CHECK(cursor.answers <= 30);

    const std::vector<EndEntry> ends = any_entries<EndEntry>(60, random);
    Rows volumes(30);
    Rows closes(25);
    walk.begin_ends({ends.data(), ends.size()}, 1000, volumes.view(), closes.view());
    while (walk.next_end() != weir::WalkStop::kDone) ++stops;
    CHECK(cursor.volumes <= 30 && cursor.closes <= 25);
    CHECK(cursor.index <= 60 + 50 + 120);
  }
  CHECK(shown_late > 0);
}

}  // namespace
