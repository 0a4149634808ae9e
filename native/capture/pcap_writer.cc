#include "pcap_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "../base/byte_order.h"
#include "../base/files.h"
#include "capture_blocks.h"
#include "run_state.h"

namespace weir {
namespace {

constexpr size_t kBufferBytes = 1024 * 1024;

}  // namespace

PcapWriter::PcapWriter(WritePcap target, uint32_t snaplen, RunState* run)
    : target_(std::move(target)), snaplen_(snaplen), run_(run), standard_output_(target_.path == "-") {
  buffer_.reserve(kBufferBytes + kMaxLargeFrameWithHeader);
}

PcapWriter::~PcapWriter() { close(); }

Result<std::unique_ptr<PcapWriter>> PcapWriter::open(const WritePcap& target, uint32_t snaplen, RunState* run) {
  std::unique_ptr<PcapWriter> writer(new PcapWriter(target, snaplen, run));
  if (!writer->open_file()) return writer->failure_;
  return writer;
}

std::string PcapWriter::name_of_file(uint32_t number) const {
  if (target_.rotate_bytes == 0) return target_.path;
  const size_t slash = target_.path.rfind('/');
  const size_t dot = target_.path.rfind('.');
  const bool has_extension = dot != std::string::npos && dot != 0 && (slash == std::string::npos || dot > slash + 1);
  const size_t cut = has_extension ? dot : target_.path.size();
  char text[16];
  std::snprintf(text, sizeof text, ".%06u", number);
  return target_.path.substr(0, cut) + text + target_.path.substr(cut);
}

bool PcapWriter::open_file() {
  const std::string path = name_of_file(++file_number_);
  descriptor_ = open_output(standard_output_ ? "-" : path);
  if (descriptor_ < 0) {
    fail("cannot open " + path, errno);
    return false;
  }
  file_bytes_ = 0;
  format_ = Format::kUnset;
  interfaces_.clear();
  counters_.add(kPcapFiles);
  if (target_.rotate_bytes == 0) return true;
  files_.push_back(path);
  while (target_.max_files != 0 && files_.size() > target_.max_files) {
    remove_file(files_.front());
    files_.pop_front();
  }
  return true;
}

void PcapWriter::begin_file(const Frame& frame) {
  format_ = needs_pcapng(frame) ? Format::kPcapng : Format::kClassic;
  link_type_ = frame.link_type;
  if (format_ == Format::kPcapng) {
    append_section_header(buffer_);
  } else {
    append_classic_header(buffer_, std::max(snaplen_, kMinDeclaredSnaplen), frame.link_type);
  }
}

bool PcapWriter::needs_pcapng(const Frame& frame) const {
  return nanoseconds_ || frame.nsec % 1000 != 0 || frame.sec < 0 || frame.sec > UINT32_MAX ||
         (format_ != Format::kUnset && frame.link_type != link_type_);
}

void PcapWriter::expect_nanoseconds() {
  const std::lock_guard lock(mutex_);
  nanoseconds_ = true;
}

void PcapWriter::write(const Frame& frame) {
  const std::lock_guard lock(mutex_);
  const uint64_t would_be = file_bytes_ + buffer_.size() + frame.captured;
  if (!broken_ && target_.rotate_bytes != 0 && would_be > target_.rotate_bytes && format_ != Format::kUnset) rotate();
  if (!broken_ && format_ == Format::kUnset) begin_file(frame);
  if (!broken_ && format_ == Format::kClassic && needs_pcapng(frame) && !convert_to_pcapng()) broken_ = true;
  if (broken_) {
    counters_.add(kPcapWriteErrors);
    return;
  }
  if (format_ == Format::kClassic) {
    append_classic_frame(buffer_, frame);
  } else {
    append_pcapng(frame);
  }
  ++buffered_frames_;
  if (buffer_.size() >= kBufferBytes) flush_buffer();
}

void PcapWriter::append_pcapng(const Frame& frame) {
  auto found = std::find(interfaces_.begin(), interfaces_.end(), frame.link_type);
  if (found == interfaces_.end()) {
    append_interface(buffer_, frame.link_type);
    interfaces_.push_back(frame.link_type);
    found = interfaces_.end() - 1;
  }
  append_enhanced_packet(buffer_, static_cast<uint32_t>(found - interfaces_.begin()), frame);
}

// Rewrites the classic file as pcapng, beside it, and takes its place. Standard output cannot be taken back.
bool PcapWriter::convert_to_pcapng() {
  if (!flush_buffer()) return false;
  if (standard_output_) {
    fail("standard output already carries classic pcap, which cannot hold nanoseconds or a second link type", 0);
    return false;
  }
  const std::string path = name_of_file(file_number_);
  const std::string temporary = path + ".rewrite";
  const int classic = descriptor_;
  const uint64_t classic_bytes = file_bytes_;
  descriptor_ = open_output(temporary);
  if (descriptor_ < 0) {
    descriptor_ = classic;
    fail("cannot open " + temporary, errno);
    return false;
  }
  file_bytes_ = 0;
  format_ = Format::kPcapng;
  interfaces_.clear();
  const bool rewritten = copy_as_pcapng(classic, classic_bytes);
  close_file(classic);
  const bool copied = rewritten && replace_file(temporary, path);
  if (!copied) {
    remove_file(temporary);
    fail("cannot rewrite " + path + " as pcapng", errno);
  }
  return copied;
}

bool PcapWriter::copy_as_pcapng(int from, uint64_t bytes) {
  append_section_header(buffer_);
  std::vector<uint8_t> captured;
  uint8_t header[kClassicRecordBytes];
  for (uint64_t at = kClassicFileHeaderBytes; at < bytes;) {
    if (!read_file_at(from, at, header, sizeof header)) return false;
    Frame frame = frame_of_classic_record(header, link_type_);
    captured.resize(frame.captured);
    if (!read_file_at(from, at + sizeof header, captured.data(), frame.captured)) return false;
    frame.bytes = captured.data();
    append_pcapng(frame);
    if (buffer_.size() >= kBufferBytes && !flush_buffer()) return false;
    at += sizeof header + frame.captured;
  }
  return flush_buffer();
}

void PcapWriter::rotate() {
  if (!flush_buffer()) return;
  close_file(descriptor_);
  descriptor_ = -1;
  open_file();
}

bool PcapWriter::flush_buffer() {
  if (broken_) return false;
  const bool good = write_out(buffer_.data(), buffer_.size());
  const int error_number = errno;
  counters_.add(good ? kPcapFramesWritten : kPcapWriteErrors, buffered_frames_);
  if (good) {
    file_bytes_ += buffer_.size();
    counters_.add(kPcapBytesWritten, buffer_.size());
  } else {
    // Cut back to the last whole frame, so that the file stays readable. Pipes have no length to cut.
    if (!standard_output_ && !cut_file(descriptor_, file_bytes_)) errno = 0;
    fail("cannot write " + name_of_file(file_number_), error_number);
  }
  buffer_.clear();
  buffered_frames_ = 0;
  return good;
}

bool PcapWriter::write_out(const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const long written = write_file(descriptor_, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

void PcapWriter::fail(const std::string& what, int error_number) {
  broken_ = true;
  if (!failure_.code.empty()) return;
  const std::string reason = error_number == 0 ? "" : std::string(": ") + std::strerror(error_number);
  const char* const hint = error_number == ENOSPC ? "free space; capture and flows go on without the file" : "";
  failure_ = {"OUTPUT", what + reason, hint, target_.path, error_number};
  if (run_ != nullptr) run_->report(failure_);
}

void PcapWriter::flush() {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0 && !buffer_.empty()) flush_buffer();
}

// A run without frames leaves a valid, empty capture.
void PcapWriter::close() {
  const std::lock_guard lock(mutex_);
  if (descriptor_ < 0) return;
  if (format_ == Format::kUnset && !broken_) append_classic_header(buffer_, std::max(snaplen_, kMinDeclaredSnaplen), 1);
  if (!buffer_.empty()) flush_buffer();
  close_file(descriptor_);
  descriptor_ = -1;
}

void PcapWriter::read_counters(double* out) const {
  for (uint32_t slot = 0; slot < kCounterCount; ++slot) out[slot] += static_cast<double>(counters_.read(slot));
}

}  // namespace weir
