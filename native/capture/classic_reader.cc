#include "classic_reader.h"

#include <utility>

#include "../base/byte_order.h"
#include "../base/clock.h"
#include "capture_file.h"

namespace weir {
namespace {

constexpr size_t kRecordHeader = 16;
constexpr size_t kModifiedRecordHeader = 24;
constexpr size_t kCacheLine = 64;
// A few frames ahead; measured best of 1, 2, 4 and 8 KiB.
constexpr size_t kPrefetchBytes = 2048;

class ClassicReader final : public FrameReader {
 public:
  ClassicReader(std::unique_ptr<ByteWindow> window, std::string path) : window_(std::move(window)), path_(std::move(path)) {}

  Failure open(SourceRegistrar& registrar);
  ReadStatus read(FrameBatch& batch) override;
  const Failure& failure() const override { return failure_; }
  uint64_t bytes_read() const override { return window_->file_bytes_read(); }
  bool nanoseconds() const override { return nanoseconds_; }
  bool may_block() const override { return window_->may_block() && window_->available() < kRecordHeader + kMaxFrameBytes; }

 private:
  ReadStatus end_of_input();
  ReadStatus damaged(const std::string& what);
  void prefetch_ahead();
  void lengths_at(const uint8_t* p, uint32_t& captured, uint32_t& wire) const;

  std::unique_ptr<ByteWindow> window_;
  std::string path_;
  Failure failure_;
  bool swapped_ = false;
  bool nanoseconds_ = false;
  // Before version 2.3 the two lengths were the other way round; 2.3 was written both ways.
  bool lengths_reversed_ = false;
  bool lengths_may_be_reversed_ = false;
  size_t header_bytes_ = kRecordHeader;
  uint32_t max_bytes_ = kMaxFrameBytes;
  uint16_t link_type_ = 0;
  uint16_t source_ = 0;
  const uint8_t* prefetched_ = nullptr;
};

Failure ClassicReader::open(SourceRegistrar& registrar) {
  if (!window_->ensure(kClassicHeaderBytes)) return {"SOURCE_FORMAT", path_ + " ends inside the capture file header", "", path_, 0};
  const uint8_t* const p = window_->cur;
  swapped_ = load32(p) != kClassicMicroseconds && load32(p) != kClassicNanoseconds && load32(p) != kClassicModified;
  const uint32_t magic = load32(p, swapped_);
  nanoseconds_ = magic == kClassicNanoseconds;
  if (magic == kClassicModified) header_bytes_ = kModifiedRecordHeader;
  const uint16_t major = load16(p + 4, swapped_);
  const uint16_t minor = load16(p + 6, swapped_);
  if (major < 2) return {"SOURCE_FORMAT", path_ + " has the unsupported pcap version " + std::to_string(major), "", path_, 0};
  lengths_reversed_ = major == 2 && minor < 3;
  lengths_may_be_reversed_ = major == 2 && minor == 3;
  // The upper half of the word tells about frame check sequences.
  link_type_ = static_cast<uint16_t>(load32(p + 20, swapped_));
  max_bytes_ = max_frame_bytes(link_type_);
  source_ = registrar.source_number(0, link_type_, path_);
  window_->cur += kClassicHeaderBytes;
  return {};
}

void ClassicReader::lengths_at(const uint8_t* p, uint32_t& captured, uint32_t& wire) const {
  captured = load32(p + 8, swapped_);
  wire = load32(p + 12, swapped_);
  if (lengths_reversed_ || (lengths_may_be_reversed_ && captured > wire)) std::swap(captured, wire);
}

// Where a record begins is known only from the one before it, so each header would be a cache miss that waits for the
// one before. Fetching the bytes as a stream hides that.
void ClassicReader::prefetch_ahead() {
  const uint8_t* const cur = window_->cur;
  const uint8_t* p = prefetched_;
  if (p < cur || p > cur + kPrefetchBytes + kCacheLine) p = cur;
  const size_t left = window_->available();
  const uint8_t* const stop = cur + (left < kPrefetchBytes ? left : kPrefetchBytes);
  for (; p < stop; p += kCacheLine) __builtin_prefetch(p);
  prefetched_ = p;
}

ReadStatus ClassicReader::read(FrameBatch& batch) {
  batch.count = 0;
  ByteWindow& window = *window_;
  const uint32_t to_ns = nanoseconds_ ? 1 : 1000;
  while (!batch.full()) {
    // Only the first frame of a batch may move the window: the others' bytes are already pointed at.
    if (window.available() < header_bytes_ && (batch.count > 0 || !window.ensure(header_bytes_))) {
      return batch.count > 0 ? ReadStatus::kMore : end_of_input();
    }
    uint32_t captured = 0;
    uint32_t wire = 0;
    lengths_at(window.cur, captured, wire);
    if (captured > max_bytes_) return damaged("a frame of " + std::to_string(captured) + " bytes");
    const size_t need = header_bytes_ + captured;
    if (window.available() < need && (batch.count > 0 || !window.ensure(need))) {
      return batch.count > 0 ? ReadStatus::kMore : end_of_input();
    }
    const uint8_t* const p = window.cur;
    Frame& frame = batch.next();
    frame.bytes = p + header_bytes_;
    frame.captured = captured;
    frame.wire = wire;
    frame.link_type = link_type_;
    frame.source = source_;
    frame.sec = load32(p, swapped_);
    const uint64_t fraction = static_cast<uint64_t>(load32(p + 4, swapped_)) * to_ns;
    frame.sec += static_cast<int64_t>(fraction / kNsPerSec);
    frame.nsec = static_cast<uint32_t>(fraction % kNsPerSec);
    frame.outgoing = false;
    frame.denied = false;
    frame.stripped_vlan = kNoStrippedVlan;
    prefetch_ahead();
    window.cur += need;
  }
  return ReadStatus::kMore;
}

ReadStatus ClassicReader::end_of_input() {
  if (window_->failed()) {
    failure_ = window_->failure();
    return ReadStatus::kFailed;
  }
  if (window_->available() == 0) return ReadStatus::kEnd;
  return damaged("the file ends inside a record");
}

ReadStatus ClassicReader::damaged(const std::string& what) {
  failure_ = {"SOURCE_TRUNCATED", path_ + ": " + what + " at byte " + std::to_string(window_->position()),
              "everything before it was read", path_, 0};
  return ReadStatus::kFailed;
}

}  // namespace

bool is_classic_magic(uint32_t magic) {
  for (const uint32_t known : {kClassicMicroseconds, kClassicNanoseconds, kClassicModified}) {
    if (magic == known || magic == __builtin_bswap32(known)) return true;
  }
  return false;
}

Result<std::unique_ptr<FrameReader>> make_classic_reader(std::unique_ptr<ByteWindow> window, const std::string& path,
                                                         SourceRegistrar& registrar) {
  auto reader = std::make_unique<ClassicReader>(std::move(window), path);
  Failure failure = reader->open(registrar);
  if (!failure.code.empty()) return failure;
  return std::unique_ptr<FrameReader>(std::move(reader));
}

}  // namespace weir
