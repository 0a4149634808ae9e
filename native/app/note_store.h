// The notes of flows that are done with, until their records are written. A part that many notes have in common (the lists
// of a client program, a certificate) is kept once, and stands in the note as a mark: most notes take some hundred bytes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../base/huge_arena.h"
#include "../base/untouched_memory.h"

namespace weir {

// Texts that were seen twice, by number. There is a bound of them, and of their bytes; what comes later is not shared.
class SharedTexts {
 public:
  // The number of the text, -1 when it is not shared (yet).
  int32_t number_of(std::string_view text);
  const std::string& text(uint32_t number) const { return *texts_[number]; }

 private:
  static constexpr size_t kMostTexts = 16384;
  static constexpr size_t kMostBytes = 16 << 20;
  static constexpr size_t kShortest = 24;
  static constexpr size_t kLongest = 16384;
  static constexpr size_t kSeen = 8192;

  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<const std::string*> texts_;
  size_t bytes_ = 0;
  // Hashes of texts that were seen once, each at its place.
  std::vector<size_t> seen_ = std::vector<size_t>(kSeen);
  std::string key_;
};

class NoteStore {
 public:
  explicit NoteStore(size_t rows) : places_(untouched_zeros<Place>(rows)) {}

  // Bytes of all notes, without what they share.
  size_t bytes() const { return bytes_; }

  // The text up to now is what is to be kept: `shared` are parts of it, [from, to), in their order. The slot has no note.
  void set(size_t slot, std::string_view text, const std::vector<std::pair<size_t, size_t>>& shared);
  // Nothing when the slot has no note.
  void append_to(std::string& out, size_t slot) const;
  void drop(size_t slot);

 private:
  // Notes are text without control characters, so this one can mark a shared part; its number follows in two bytes.
  static constexpr char kMark = 1;
  static constexpr size_t kUnit = 32;
  static constexpr size_t kSlab = 1 << 16;
  static constexpr size_t kUnitsPerSlab = kSlab / kUnit;
  static constexpr size_t kMostUnits = 64;

  struct Place {
    uint32_t unit;    // number of the first one + 1, 0 = no note, kLong = in long_
    uint32_t length;
  };
  static constexpr uint32_t kLong = UINT32_MAX;

  static size_t units_for(size_t length) { return (length + kUnit - 1) / kUnit; }
  char* at(uint32_t unit) const { return slabs_[unit / kUnitsPerSlab] + unit % kUnitsPerSlab * kUnit; }
  uint32_t take(size_t units);
  std::string_view encoded(size_t slot) const;

  UntouchedMemory<Place> places_;
  std::vector<char*> slabs_;
  HugeArena arena_;
  std::vector<uint32_t> free_[kMostUnits + 1];
  uint32_t next_ = 0;
  std::unordered_map<size_t, std::string> long_;
  SharedTexts shared_;
  std::string scratch_;
  size_t bytes_ = 0;
};

}  // namespace weir
