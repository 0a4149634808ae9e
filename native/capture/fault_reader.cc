#include "fault_reader.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "../base/random.h"

namespace weir {
namespace {

class FaultReader final : public FrameReader {
 public:
  FaultReader(const FaultPlan& plan, std::unique_ptr<FrameReader> reader, Counters& counters)
      : plan_(plan), reader_(std::move(reader)), counters_(counters), random_(plan.seed) {}

  ReadStatus read(FrameBatch& batch) override;
  const Failure& failure() const override { return failure_.code.empty() ? reader_->failure() : failure_; }
  uint64_t bytes_read() const override { return reader_->bytes_read(); }
  bool nanoseconds() const override { return reader_->nanoseconds(); }
  bool may_block() const override { return reader_->may_block(); }

 private:
  void flip_bit(Frame& frame, int slot);

  const FaultPlan plan_;
  std::unique_ptr<FrameReader> reader_;
  Counters& counters_;
  Random random_;
  Failure failure_;
  uint64_t frames_ = 0;
  // Copies of the corrupted frames of the current batch; the source's bytes are read-only.
  std::array<std::vector<uint8_t>, FrameBatch::kSize> copies_;
};

ReadStatus FaultReader::read(FrameBatch& batch) {
  const ReadStatus status = reader_->read(batch);
  for (int i = 0; i < batch.count; ++i) {
    Frame& frame = batch.frames[static_cast<size_t>(i)];
    if (plan_.fail_after_frames && frames_ >= *plan_.fail_after_frames) {
      batch.count = i;
      counters_.add(kFaultsInjected);
      failure_ = {"SOURCE_READ", "injected read error after " + std::to_string(frames_) + " frames", "", "", EIO};
      return ReadStatus::kFailed;
    }
    ++frames_;
    if (plan_.cut_to && frame.captured > *plan_.cut_to) {
      frame.captured = *plan_.cut_to;
      counters_.add(kFaultsInjected);
    }
    if (plan_.corrupt > 0 && frame.captured > 0 && random_.chance(plan_.corrupt)) flip_bit(frame, i);
  }
  return status;
}

void FaultReader::flip_bit(Frame& frame, int slot) {
  std::vector<uint8_t>& copy = copies_[static_cast<size_t>(slot)];
  copy.assign(frame.bytes, frame.bytes + frame.captured);
  const uint32_t bit = random_.below(frame.captured * 8);
  copy[bit / 8] = static_cast<uint8_t>(copy[bit / 8] ^ 1U << bit % 8);
  frame.bytes = copy.data();
  counters_.add(kFaultsInjected);
}

}  // namespace

std::unique_ptr<FrameReader> make_fault_reader(const FaultPlan& plan, std::unique_ptr<FrameReader> reader, Counters& counters) {
  return std::make_unique<FaultReader>(plan, std::move(reader), counters);
}

}  // namespace weir
