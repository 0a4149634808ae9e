#include "generator.h"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "../base/clock.h"
#include "pcap_writer.h"
#include "traffic_model.h"

namespace weir {
namespace {

constexpr int64_t kFirstSecond = 1'700'000'000;
constexpr uint16_t kEthernet = 1;

std::unique_ptr<TrafficModel> make_model(const GeneratorSpec& spec) {
  switch (spec.profile) {
    case Profile::kImix:
    case Profile::kSmall: return make_connection_model(spec);
    case Profile::kFlood: return make_flood_model(spec);
    case Profile::kCollision: return make_collision_model(spec);
    case Profile::kMixed: return make_mixed_model(spec);
    case Profile::kApps: return make_apps_model(spec);
  }
  return nullptr;
}

class GeneratorReader final : public FrameReader {
 public:
  GeneratorReader(const GeneratorSpec& spec, uint16_t source)
      : spec_(spec), source_(source), model_(make_model(spec)), buffers_(FrameBatch::kSize * kGeneratedFrameBytes) {}

  ReadStatus read(FrameBatch& batch) override;
  const Failure& failure() const override { return failure_; }
  uint64_t bytes_read() const override { return bytes_; }

 private:
  const GeneratorSpec spec_;
  const uint16_t source_;
  std::unique_ptr<TrafficModel> model_;
  std::vector<uint8_t> buffers_;
  Failure failure_;
  uint64_t index_ = 0;
  uint64_t bytes_ = 0;
};

ReadStatus GeneratorReader::read(FrameBatch& batch) {
  batch.count = 0;
  while (!batch.full() && index_ < spec_.packets) {
    uint8_t* const bytes = buffers_.data() + static_cast<size_t>(batch.count) * kGeneratedFrameBytes;
    const size_t length = model_->next(index_, bytes);
    // Whole microseconds, so that a classic capture holds the same times.
    const double micros = std::floor(static_cast<double>(index_) * 1e6 / spec_.rate);
    const int64_t since_first = static_cast<int64_t>(std::min(micros, 4e15));
    Frame& frame = batch.next();
    frame.bytes = bytes;
    frame.captured = frame.wire = static_cast<uint32_t>(length);
    frame.link_type = kEthernet;
    frame.source = source_;
    frame.sec = kFirstSecond + since_first / 1'000'000;
    frame.nsec = static_cast<uint32_t>(since_first % 1'000'000 * 1000);
    frame.outgoing = false;
    frame.denied = false;
    frame.stripped_vlan = kNoStrippedVlan;
    bytes_ += length;
    ++index_;
  }
  return index_ < spec_.packets ? ReadStatus::kMore : ReadStatus::kEnd;
}

}  // namespace

std::unique_ptr<FrameReader> make_generator_reader(const GeneratorSpec& spec, uint16_t source) {
  return std::make_unique<GeneratorReader>(spec, source);
}

Result<uint64_t> write_generated_capture(const GeneratorSpec& spec, const std::string& path) {
  WritePcap target;
  target.path = path;
  auto opened = PcapWriter::open(target, 65'535, nullptr);
  if (!opened.ok()) return opened.take_failure();
  PcapWriter& writer = *opened.value();
  GeneratorReader reader(spec, 0);
  FrameBatch batch;
  uint64_t frames = 0;
  for (ReadStatus status = ReadStatus::kMore; status == ReadStatus::kMore;) {
    status = reader.read(batch);
    for (int i = 0; i < batch.count; ++i) writer.write(batch.frames[static_cast<size_t>(i)]);
    frames += static_cast<uint64_t>(batch.count);
  }
  writer.close();
  if (!writer.failure().code.empty()) return writer.failure();
  return frames;
}

}  // namespace weir
