#include "replay_thread.h"

#include <algorithm>
#include <utility>

#include "../base/clock.h"
#include "capture_file.h"
#include "fault_reader.h"
#include "generator.h"
#include "pcap_writer.h"

namespace weir {
namespace {

// Between the last packet of one pass and the first of the next.
constexpr int64_t kLoopGapNs = kNsPerMs;
// The default snaplen means: all that the file holds, even where that is more.
constexpr uint32_t kWholeFrame = 65'535;

class FileRegistrar final : public SourceRegistrar {
 public:
  FileRegistrar(RunState& run, uint32_t file) : run_(run), file_(file) {}
  uint16_t source_number(uint32_t interface_index, uint16_t link_type, const std::string& name) override {
    return run_.source_number(file_, interface_index, link_type, name);
  }

 private:
  RunState& run_;
  uint32_t file_;
};

// A reader together with the registrar that it refers to.
class RegisteredReader final : public FrameReader {
 public:
  RegisteredReader(std::unique_ptr<FileRegistrar> registrar, std::unique_ptr<FrameReader> reader)
      : registrar_(std::move(registrar)), reader_(std::move(reader)) {}
  ReadStatus read(FrameBatch& batch) override { return reader_->read(batch); }
  const Failure& failure() const override { return reader_->failure(); }
  uint64_t bytes_read() const override { return reader_->bytes_read(); }
  bool nanoseconds() const override { return reader_->nanoseconds(); }
  bool may_block() const override { return reader_->may_block(); }

 private:
  std::unique_ptr<FileRegistrar> registrar_;
  std::unique_ptr<FrameReader> reader_;
};

}  // namespace

ReplayThread::ReplayThread(RunState& run, Counters& counters)
    : run_(run), counters_(counters), path_(run, 0, counters, false, true), pacer_(run.options.speed_mode, run.options.speed) {}

void ReplayThread::run() {
  for (uint64_t pass = 0; run_.options.loop == 0 || pass < run_.options.loop; ++pass) {
    if (pass > 0) begin_next_loop();
    if (play_all() == Outcome::kEnough) break;
    counters_.add(kLoops);
  }
  play_held(nullptr);
  path_.finish();
}

ReplayThread::Outcome ReplayThread::play_all() {
  for (uint32_t file = 0; file < run_.options.sources.size(); ++file) {
    if (play(file) == Outcome::kEnough) return Outcome::kEnough;
    counters_.add(kFilesFinished);
  }
  return Outcome::kNextFile;
}

Result<std::unique_ptr<FrameReader>> ReplayThread::open_source(uint32_t file) {
  const SourceSpec& source = run_.options.sources[file];
  std::unique_ptr<FrameReader> reader;
  if (source.kind == SourceKind::kGenerator) {
    reader = make_generator_reader(source.generator, run_.source_number(file, 0, 1, source.name));
  } else {
    auto registrar = std::make_unique<FileRegistrar>(run_, file);
    Result<std::unique_ptr<FrameReader>> opened = open_capture_file(source.name, &run_.stop, *registrar);
    if (!opened.ok()) return opened;
    reader = std::make_unique<RegisteredReader>(std::move(registrar), std::move(opened.value()));
  }
  if (run_.options.fault) reader = make_fault_reader(*run_.options.fault, std::move(reader), counters_);
  return reader;
}

void ReplayThread::announce(uint32_t file) {
  const SourceSpec& source = run_.options.sources[file];
  run_.file_index.store(file, std::memory_order_relaxed);
  run_.file_bytes.store(0, std::memory_order_relaxed);
  Event event{};
  event.type = Event::Type::kFile;
  event.text = source.name;
  event.index = file;
  event.bytes = source.kind == SourceKind::kFile ? capture_file_size(source.name) : 0;
  run_.emit(std::move(event));
}

ReplayThread::Outcome ReplayThread::play(uint32_t file) {
  announce(file);
  Result<std::unique_ptr<FrameReader>> opened = open_source(file);
  if (run_.stop.stop_requested()) return Outcome::kEnough;
  if (!opened.ok()) {
    run_.fail(opened.take_failure());
    return Outcome::kEnough;
  }
  return play_frames(*opened.value());
}

ReplayThread::Outcome ReplayThread::play_frames(FrameReader& reader) {
  for (;;) {
    if (reader.may_block()) path_.before_open_wait();
    const ReadStatus status = reader.read(batch_);
    if (run_.stop.abort_requested()) return Outcome::kEnough;
    if (reader.nanoseconds() && run_.pcap_writer != nullptr) run_.pcap_writer->expect_nanoseconds();
    if (!play_batch(batch_)) {
      if (!path_.filter().failure().code.empty()) run_.fail(path_.filter().failure());
      return Outcome::kEnough;
    }
    run_.file_bytes.store(reader.bytes_read(), std::memory_order_relaxed);
    path_.after_batch();
    if (run_.stop.stop_requested()) return Outcome::kEnough;
    if (status == ReadStatus::kEnd) return Outcome::kNextFile;
    if (status == ReadStatus::kFailed) {
      run_.fail(reader.failure());
      return Outcome::kEnough;
    }
  }
}

bool ReplayThread::play_batch(FrameBatch& batch) {
  Frame* const frames = batch.frames.data();
  for (int i = 0; i < batch.count; ++i) prepare(frames[i]);
  if (batch.count > 0 && !play_held(&frames[0])) return false;
  for (int i = 0; i < batch.count; ++i) {
    const bool last = i + 1 == batch.count;
    if (last && path_.clock().needs_next(frames[i].sec, frames[i].nsec)) {
      hold(frames[i]);
    } else if (!play_frame(frames[i], last ? nullptr : &frames[i + 1])) {
      return false;
    }
  }
  return true;
}

bool ReplayThread::play_frame(Frame& frame, const Frame* next) {
  if (pacer_.active() && !wait_until_due(frame)) return false;
  return path_.accept(frame, next);
}

// The last frame of a batch, with a time that the first of the next batch must confirm. The batch's bytes will have gone.
void ReplayThread::hold(const Frame& frame) {
  path_.settle_waiting();
  held_bytes_.assign(frame.bytes, frame.bytes + frame.captured);
  held_ = frame;
  held_.bytes = held_bytes_.data();
  is_holding_ = true;
}

bool ReplayThread::play_held(const Frame* next) {
  if (!is_holding_) return true;
  is_holding_ = false;
  return play_frame(held_, next);
}

// False when the wait ended by a stop request: the frame is left unread.
bool ReplayThread::wait_until_due(const Frame& frame) {
  int64_t wait = pacer_.wait_ns(frame.sec, frame.nsec);
  if (wait == 0) return true;
  if (path_.before_wait()) {
    const int64_t part = std::min(wait, kNsPerMs);
    Pacer::sleep(part, run_.stop);
    if (run_.stop.stop_requested()) return false;
    path_.before_wait();
    wait -= part;
  }
  Pacer::sleep(wait, run_.stop);
  return !run_.stop.stop_requested();
}

void ReplayThread::prepare(Frame& frame) {
  const uint32_t snaplen = run_.options.snaplen;
  if (snaplen != 0 && snaplen < kWholeFrame && frame.captured > snaplen) frame.captured = snaplen;
  if (shift_ns_ == 0) return;
  const int64_t time = static_cast<int64_t>(frame.nsec) + shift_ns_;
  frame.sec += time / kNsPerSec;
  frame.nsec = static_cast<uint32_t>(time % kNsPerSec);
}

// The clock stands at the last packet of this pass; the first packet of the run was at the first nanoseconds of the base.
void ReplayThread::begin_next_loop() { shift_ns_ = path_.clock().now_ns() - path_.clock().begin_ns() + kLoopGapNs; }

}  // namespace weir
