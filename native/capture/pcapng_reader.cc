#include "pcapng_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "../base/byte_order.h"
#include "../base/clock.h"
#include "capture_file.h"

namespace weir {
namespace {

constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kObsoletePacket = 2;
constexpr uint32_t kSimplePacket = 3;
constexpr uint32_t kEnhancedPacket = 6;

constexpr uint16_t kOptionIfName = 2;
constexpr uint16_t kOptionIfTsresol = 9;
constexpr uint16_t kOptionIfTsoffset = 14;

constexpr size_t kMinBlock = 12;
// Blocks that are looked into as a whole; larger ones can only be skipped.
constexpr uint32_t kMaxParsedBlock = kMaxLargeFrameBytes + 64 * 1024;
constexpr size_t kMaxInterfaces = 65'536;

struct Interface {
  uint16_t link_type = 0;
  uint16_t source = 0;
  uint32_t snaplen = 0;
  uint64_t units_per_sec = 1'000'000;  // 0: too fine to count in 64 bits, times read as the offset alone
  int64_t offset_sec = 0;
};

uint64_t units_of_tsresol(uint8_t value) {
  const unsigned exponent = value & 0x7f;
  if ((value & 0x80) != 0) return exponent < 64 ? uint64_t{1} << exponent : 0;
  uint64_t units = 1;
  for (unsigned i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(units, uint64_t{10}, &units)) return 0;
  }
  return units;
}

class PcapngReader final : public FrameReader {
 public:
  PcapngReader(std::unique_ptr<ByteWindow> window, std::string path, SourceRegistrar& registrar)
      : window_(std::move(window)), path_(std::move(path)), registrar_(registrar) {}

  ReadStatus read(FrameBatch& batch) override;
  const Failure& failure() const override { return failure_; }
  uint64_t bytes_read() const override { return window_->file_bytes_read(); }
  bool nanoseconds() const override { return nanoseconds_; }
  bool may_block() const override { return window_->may_block() && window_->available() < kMaxFrameBytes; }
  bool read_section_header();

 private:
  enum class Step : uint8_t { kContinue, kHandOver, kStop };

  Step step(FrameBatch& batch);
  Step block(FrameBatch& batch, uint32_t type, uint32_t length);
  bool interface_description(const uint8_t* body, size_t bytes);
  void interface_options(const uint8_t* p, const uint8_t* end, Interface& interface, std::string& name);
  bool enhanced_packet(FrameBatch& batch, const uint8_t* body, size_t bytes, bool obsolete);
  bool simple_packet(FrameBatch& batch, const uint8_t* body, size_t bytes);
  Frame& add_frame(FrameBatch& batch, const Interface& interface, const uint8_t* bytes, uint32_t captured, uint32_t wire);
  void set_time(Frame& frame, const Interface& interface, uint64_t units);
  Step need_more(const FrameBatch& batch, size_t bytes);
  bool damaged(const std::string& what);
  ReadStatus finish() const;

  std::unique_ptr<ByteWindow> window_;
  std::string path_;
  SourceRegistrar& registrar_;
  Failure failure_;
  std::vector<Interface> interfaces_;
  uint32_t interfaces_in_file_ = 0;
  bool swapped_ = false;
  bool nanoseconds_ = false;
  // A Simple Packet Block has no time: it counts at that of the packet before it.
  int64_t last_sec_ = 0;
  uint32_t last_nsec_ = 0;
};

ReadStatus PcapngReader::read(FrameBatch& batch) {
  batch.count = 0;
  while (!batch.full()) {
    const Step result = step(batch);
    if (result == Step::kHandOver) return ReadStatus::kMore;
    if (result == Step::kStop) return finish();
  }
  return ReadStatus::kMore;
}

ReadStatus PcapngReader::finish() const { return failure_.code.empty() ? ReadStatus::kEnd : ReadStatus::kFailed; }

// Called when `bytes` are not in the window. Frames in the batch point into it, so they go first.
PcapngReader::Step PcapngReader::need_more(const FrameBatch& batch, size_t bytes) {
  if (batch.count > 0) return Step::kHandOver;
  if (window_->ensure(bytes)) return Step::kContinue;
  if (window_->failed()) {
    failure_ = window_->failure();
  } else if (window_->available() != 0) {
    damaged("the file ends inside a block");
  }
  return Step::kStop;
}

// One block, or the room for it: each call either takes a block or returns after it has brought more bytes.
PcapngReader::Step PcapngReader::step(FrameBatch& batch) {
  if (window_->available() < kMinBlock) return need_more(batch, kMinBlock);
  const uint8_t* const p = window_->cur;
  if (load32(p) == kPcapngSectionHeader) {
    if (batch.count > 0) return Step::kHandOver;
    return read_section_header() ? Step::kContinue : Step::kStop;
  }
  const uint32_t type = load32(p, swapped_);
  const uint32_t length = load32(p + 4, swapped_);
  if (length < kMinBlock || length % 4 != 0) {
    damaged("a block of " + std::to_string(length) + " bytes");
    return Step::kStop;
  }
  return block(batch, type, length);
}

PcapngReader::Step PcapngReader::block(FrameBatch& batch, uint32_t type, uint32_t length) {
  const bool parsed = type == kInterfaceDescription || type == kObsoletePacket || type == kSimplePacket || type == kEnhancedPacket;
  if (!parsed) {
    if (window_->available() >= length) {
      window_->cur += length;
      return Step::kContinue;
    }
    if (batch.count > 0) return Step::kHandOver;
    if (window_->skip(length)) return Step::kContinue;
    if (window_->failed()) failure_ = window_->failure();
    if (!window_->failed()) damaged("the file ends inside a block");
    return Step::kStop;
  }
  if (length > kMaxParsedBlock) {
    damaged("a block of " + std::to_string(length) + " bytes");
    return Step::kStop;
  }
  if (window_->available() < length) return need_more(batch, length);
  const uint8_t* const p = window_->cur;
  if (load32(p + length - 4, swapped_) != length) {
    damaged("a block whose two lengths differ");
    return Step::kStop;
  }
  const uint8_t* const body = p + 8;
  const size_t bytes = length - kMinBlock;
  bool good = false;
  if (type == kInterfaceDescription) good = interface_description(body, bytes);
  if (type == kEnhancedPacket || type == kObsoletePacket) good = enhanced_packet(batch, body, bytes, type == kObsoletePacket);
  if (type == kSimplePacket) good = simple_packet(batch, body, bytes);
  if (!good) return Step::kStop;
  window_->cur += length;
  return Step::kContinue;
}

bool PcapngReader::read_section_header() {
  constexpr size_t kSectionHeaderBytes = 28;
  if (!window_->ensure(kSectionHeaderBytes)) {
    if (window_->failed()) failure_ = window_->failure();
    return window_->failed() ? false : damaged("the file ends inside a section header");
  }
  const uint32_t order = load32(window_->cur + 8);
  if (order != kByteOrderMagic && order != __builtin_bswap32(kByteOrderMagic)) return damaged("a section header without byte order");
  swapped_ = order != kByteOrderMagic;
  const uint32_t length = load32(window_->cur + 4, swapped_);
  const uint16_t major = load16(window_->cur + 12, swapped_);
  if (length < kSectionHeaderBytes || length % 4 != 0) return damaged("a section header of " + std::to_string(length) + " bytes");
  if (major != 1) return damaged("the unsupported pcapng version " + std::to_string(major));
  interfaces_.clear();  // numbered anew in each section
  return window_->skip(length) ? true : damaged("the file ends inside a section header");
}

bool PcapngReader::interface_description(const uint8_t* body, size_t bytes) {
  if (bytes < 8) return damaged("an interface description that is too short");
  if (interfaces_.size() >= kMaxInterfaces) return damaged("more than 65536 interfaces in a section");
  Interface interface;
  std::string name;
  interface.link_type = load16(body, swapped_);
  interface.snaplen = load32(body + 4, swapped_);
  interface_options(body + 8, body + bytes, interface, name);
  if (interface.units_per_sec > 1'000'000 || interface.units_per_sec == 0) nanoseconds_ = true;
  interface.source = registrar_.source_number(interfaces_in_file_++, interface.link_type, name.empty() ? path_ : path_ + ":" + name);
  interfaces_.push_back(interface);
  return true;
}

void PcapngReader::interface_options(const uint8_t* p, const uint8_t* end, Interface& interface, std::string& name) {
  while (end - p >= 4) {
    const uint16_t code = load16(p, swapped_);
    const uint16_t length = load16(p + 2, swapped_);
    p += 4;
    if (code == 0 || length > end - p) return;
    if (code == kOptionIfName) name.assign(reinterpret_cast<const char*>(p), std::min<size_t>(length, 255));
    if (code == kOptionIfTsresol && length >= 1) interface.units_per_sec = units_of_tsresol(p[0]);
    if (code == kOptionIfTsoffset && length >= 8) interface.offset_sec = static_cast<int64_t>(load64(p, swapped_));
    const size_t padded = (static_cast<size_t>(length) + 3) & ~size_t{3};
    if (padded > static_cast<size_t>(end - p)) return;
    p += padded;
  }
}

bool PcapngReader::enhanced_packet(FrameBatch& batch, const uint8_t* body, size_t bytes, bool obsolete) {
  constexpr size_t kFixed = 20;
  if (bytes < kFixed) return damaged("a packet block that is too short");
  const uint32_t number = obsolete ? load16(body, swapped_) : load32(body, swapped_);
  if (number >= interfaces_.size()) return damaged("a packet of the undescribed interface " + std::to_string(number));
  const Interface& interface = interfaces_[number];
  const uint64_t units = static_cast<uint64_t>(load32(body + 4, swapped_)) << 32 | load32(body + 8, swapped_);
  const uint32_t captured = load32(body + 12, swapped_);
  const uint32_t wire = load32(body + 16, swapped_);
  if (captured > bytes - kFixed || captured > max_frame_bytes(interface.link_type)) {
    return damaged("a frame of " + std::to_string(captured) + " bytes");
  }
  set_time(add_frame(batch, interface, body + kFixed, captured, wire), interface, units);
  return true;
}

bool PcapngReader::simple_packet(FrameBatch& batch, const uint8_t* body, size_t bytes) {
  if (bytes < 4) return damaged("a packet block that is too short");
  if (interfaces_.empty()) return damaged("a packet of an undescribed interface");
  const Interface& interface = interfaces_.front();
  const uint32_t wire = load32(body, swapped_);
  uint32_t captured = wire;
  if (interface.snaplen != 0) captured = std::min(captured, interface.snaplen);
  if (captured > bytes - 4 || captured > max_frame_bytes(interface.link_type)) {
    return damaged("a frame of " + std::to_string(captured) + " bytes");
  }
  Frame& frame = add_frame(batch, interface, body + 4, captured, wire);
  frame.sec = last_sec_;
  frame.nsec = last_nsec_;
  return true;
}

Frame& PcapngReader::add_frame(FrameBatch& batch, const Interface& interface, const uint8_t* bytes, uint32_t captured, uint32_t wire) {
  Frame& frame = batch.next();
  frame.bytes = bytes;
  frame.captured = captured;
  frame.wire = wire;
  frame.link_type = interface.link_type;
  frame.source = interface.source;
  frame.outgoing = false;
  frame.denied = false;
  frame.stripped_vlan = kNoStrippedVlan;
  __builtin_prefetch(bytes + 32);
  return frame;
}

void PcapngReader::set_time(Frame& frame, const Interface& interface, uint64_t units) {
  uint64_t sec = 0;
  uint64_t nsec = 0;
  if (interface.units_per_sec != 0) {
    sec = units / interface.units_per_sec;
    const uint64_t fraction = units % interface.units_per_sec;
    nsec = static_cast<uint64_t>(static_cast<unsigned __int128>(fraction) * kNsPerSec / interface.units_per_sec);
  }
  int64_t shifted = 0;
  if (__builtin_add_overflow(static_cast<int64_t>(sec), interface.offset_sec, &shifted)) shifted = static_cast<int64_t>(sec);
  frame.sec = last_sec_ = shifted;
  frame.nsec = last_nsec_ = static_cast<uint32_t>(nsec);
}

bool PcapngReader::damaged(const std::string& what) {
  failure_ = {"SOURCE_TRUNCATED", path_ + ": " + what + " at byte " + std::to_string(window_->position()),
              "everything before it was read", path_, 0};
  return false;
}

}  // namespace

Result<std::unique_ptr<FrameReader>> make_pcapng_reader(std::unique_ptr<ByteWindow> window, const std::string& path,
                                                        SourceRegistrar& registrar) {
  auto reader = std::make_unique<PcapngReader>(std::move(window), path, registrar);
  if (!reader->read_section_header()) {
    Failure failure = reader->failure();
    if (failure.code == "SOURCE_TRUNCATED") failure.code = "SOURCE_FORMAT";
    failure.hint.clear();
    return failure;
  }
  return std::unique_ptr<FrameReader>(std::move(reader));
}

}  // namespace weir
