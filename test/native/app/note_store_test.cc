// The notes that are kept and the memory of open flows, against plain strings.
#include <map>
#include <string>
#include <vector>

#include "../../../native/app/byte_pool.h"
#include "../../../native/app/note_store.h"
#include "../decode/check.h"
#include "exact_flow.h"

// Of AddressSanitizer.
extern "C" size_t __sanitizer_get_current_allocated_bytes(void);

namespace weir {
namespace {

using Parts = std::vector<std::pair<size_t, size_t>>;

std::string kept(const NoteStore& notes, size_t slot) {
  std::string out = "<";
  notes.append_to(out, slot);
  return out.substr(1);
}

// The same for a number, another for every number, of so many bytes (at least eight).
std::string text_of_number(size_t number, size_t length) {
  std::string text = std::to_string(10'000'000 + number);
  while (text.size() < length) text += static_cast<char>('a' + (text.size() * 7 + number) % 26);
  return text.substr(0, length);
}

TEST(a_note_is_kept_until_it_is_dropped) {
  NoteStore notes(4);
  EQ(notes.bytes(), 0u);
  CHECK(kept(notes, 0).empty());
  notes.drop(0);
  // Around the size of a unit, and of the longest note that is kept in units.
  for (const size_t length : {1, 31, 32, 33, 64, 2047, 2048, 2049, 10'000}) {
    const std::string text = text_of_number(length, 8 + length).substr(8);
    notes.set(1, text, {});
    notes.set(3, "x" + text, {});
    EQ(notes.bytes(), 2 * length + 1);
    CHECK(kept(notes, 1) == text && kept(notes, 3) == "x" + text);
    CHECK(kept(notes, 0).empty() && kept(notes, 2).empty());
    notes.drop(1);
    CHECK(kept(notes, 1).empty() && kept(notes, 3) == "x" + text);
    notes.drop(1);
    EQ(notes.bytes(), length + 1);
    notes.drop(3);
    EQ(notes.bytes(), 0u);
  }
}

TEST(what_is_shared_is_kept_once) {
  NoteStore notes(4);
  const std::string part = text_of_number(1, 100);
  const std::string text = "{" + part + "," + part + "}";
  const Parts both = {{1, 101}, {102, 202}};
  // The first part is seen for the first time, the second is the same one again.
  notes.set(0, text, both);
  EQ(notes.bytes(), 1 + 100 + 1 + 3 + 1u);
  notes.set(1, text, both);
  EQ(notes.bytes(), 106 + 1 + 3 + 1 + 3 + 1u);
  notes.set(2, text, {});
  notes.set(3, part, {{0, 100}});
  EQ(notes.bytes(), 106 + 9 + 203 + 3u);
  for (const size_t slot : {0, 1, 2}) CHECK(kept(notes, slot) == text);
  CHECK(kept(notes, 3) == part);
  // It stays for others.
  for (const size_t slot : {0, 1, 2, 3}) notes.drop(slot);
  EQ(notes.bytes(), 0u);
  notes.set(0, text, both);
  EQ(notes.bytes(), 9u);
  CHECK(kept(notes, 0) == text);
}

TEST(a_long_note_is_short_without_what_it_shares) {
  NoteStore notes(3);
  const std::string text = text_of_number(1, 3000);
  for (const size_t slot : {0, 1, 2}) notes.set(slot, text, {{10, 2990}});
  EQ(notes.bytes(), 3000 + 23 + 23u);
  for (const size_t slot : {0, 1, 2}) CHECK(kept(notes, slot) == text);
}

TEST(texts_of_some_length_are_shared_when_they_come_again) {
  SharedTexts texts;
  const auto twice = [&](const std::string& text) {
    EQ(texts.number_of(text), -1);
    return texts.number_of(text);
  };
  EQ(twice(text_of_number(1, 23)), -1);
  EQ(twice(text_of_number(1, 24)), 0);
  EQ(twice(text_of_number(1, 16384)), 1);
  EQ(twice(text_of_number(1, 16385)), -1);
  EQ(texts.number_of(text_of_number(1, 24)), 0);
  CHECK(texts.text(1) == text_of_number(1, 16384));
}

TEST(there_are_so_many_texts) {
  SharedTexts texts;
  NoteStore notes(1);
  for (int number = 0; number < 16384; number++) {
    const std::string text = text_of_number(static_cast<size_t>(number), 24);
    texts.number_of(text);
    EQ(texts.number_of(text), number);
    CHECK(texts.text(static_cast<uint32_t>(number)) == text);
    // Marks hold each of these numbers, among them those that look like a mark.
    for (const size_t left : {3, 2, 1}) {
      notes.set(0, "{" + text + "}", {{1, 25}});
      EQ(notes.bytes(), left == 3 ? 26u : 5u);
      CHECK(kept(notes, 0) == "{" + text + "}");
      notes.drop(0);
    }
  }
  for (int i = 0; i < 3; i++) EQ(texts.number_of(text_of_number(16384, 24)), -1);
  EQ(texts.number_of(text_of_number(5, 24)), 5);
}

TEST(texts_have_so_many_bytes) {
  SharedTexts texts;
  for (int number = 0; number < 1024; number++) {
    const std::string text = text_of_number(static_cast<size_t>(number), 16384);
    texts.number_of(text);
    EQ(texts.number_of(text), number);
  }
  for (int i = 0; i < 3; i++) EQ(texts.number_of(text_of_number(5000, 24)), -1);
}

TEST(any_notes_come_out_as_they_went_in) {
  constexpr size_t kSlots = 300;
  NoteStore notes(kSlots);
  std::map<size_t, std::string> model;
  Random random(3);
  for (int round = 0; round < 40'000; round++) {
    const size_t slot = random.below(kSlots);
    if (model.erase(slot) > 0) {
      notes.drop(slot);
    } else {
      std::string text;
      Parts parts;
      for (size_t left = random.below(5); left > 0; left--) {
        text += text_of_number(random.below(1'000'000), random.below(200));
        const size_t from = text.size();
        text += text_of_number(random.below(100), random.below(20) == 0 ? 900 : 8 + random.below(3) * 20);
        if (random.below(4) > 0) parts.push_back({from, text.size()});
      }
      text += '}';
      notes.set(slot, text, parts);
      model[slot] = text;
    }
    const size_t other = random.below(kSlots);
    CHECK(kept(notes, other) == (model.count(other) == 0 ? "" : model[other]));
  }
  for (size_t slot = 0; slot < kSlots; slot++) CHECK(kept(notes, slot) == (model.count(slot) == 0 ? "" : model[slot]));
  for (const auto& [slot, text] : model) notes.drop(slot);
  EQ(notes.bytes(), 0u);
}

TEST(memory_serves_the_next_note) {
  NoteStore notes(64);
  const auto round = [&] {
    for (size_t slot = 0; slot < 64; slot++) notes.set(slot, text_of_number(slot, 20 + 50 * slot), {});
    for (size_t slot = 0; slot < 64; slot++) notes.drop(slot);
  };
  round();
  const size_t before = __sanitizer_get_current_allocated_bytes();
  for (int i = 0; i < 1000; i++) round();
  CHECK(__sanitizer_get_current_allocated_bytes() < before + 65'536);
}

TEST(classes_of_sizes) {
  EQ(BytePool::class_for(0), 0u);
  EQ(BytePool::class_for(64), 0u);
  EQ(BytePool::class_for(65), 1u);
  EQ(BytePool::class_for(97), 2u);
  EQ(BytePool::class_for(32 << 10), 18u);
  EQ(BytePool::class_for(1 << 20), 18u);
  EQ(PooledBytes::kMost, size_t{32} << 10);
}

TEST(bytes_grow_up_to_their_limit) {
  BytePool pool;
  PooledBytes bytes;
  EQ(bytes.held(), 0u);
  std::string model;
  for (size_t i = 0; i < 40; i++) {
    const std::string more = text_of_number(i, 800 + i);
    if (model.size() + more.size() > PooledBytes::kMost) break;
    CHECK(bytes.append(pool, more.data(), more.size()));
    model += more;
    CHECK(bytes.bytes().text() == model);
    CHECK(bytes.held() >= model.size() && bytes.held() < 2 * model.size() + 64);
  }
  const size_t left = PooledBytes::kMost - bytes.length();
  const std::string rest(left + 1, 'r');
  CHECK(!bytes.append(pool, rest.data(), left + 1));
  CHECK(!bytes.append(pool, rest.data(), SIZE_MAX));
  CHECK(bytes.bytes().text() == model);
  CHECK(bytes.append(pool, rest.data(), left));
  EQ(bytes.length(), PooledBytes::kMost);
  EQ(bytes.held(), PooledBytes::kMost);
  CHECK(!bytes.append(pool, rest.data(), 1));
  bytes.release(pool);
  EQ(bytes.length() + bytes.held(), 0u);
  bytes.release(pool);
  CHECK(bytes.append(pool, "again", 5) && bytes.bytes().text() == "again");
}

TEST(many_bytes_share_a_pool) {
  constexpr size_t kFlows = 50;
  BytePool pool;
  PooledBytes bytes[kFlows];
  std::string model[kFlows];
  Random random(5);
  size_t early = 0;
  for (int round = 0; round < 60'000; round++) {
    const size_t flow = random.below(kFlows);
    if (random.below(8) == 0) {
      bytes[flow].release(pool);
      model[flow].clear();
    } else {
      const std::string more = text_of_number(random.below(1000), 8 + random.below(random.below(10) == 0 ? 6000 : 90));
      if (bytes[flow].append(pool, more.data(), more.size())) model[flow] += more;
    }
    const size_t other = random.below(kFlows);
    CHECK(bytes[other].bytes().text() == model[other]);
    // What was given back is used again.
    if (round == 20'000) early = __sanitizer_get_current_allocated_bytes();
  }
  CHECK(__sanitizer_get_current_allocated_bytes() < early + (1 << 20));
}

}  // namespace
}  // namespace weir
