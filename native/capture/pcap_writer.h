// Writes frames to capture files: classic pcap with microseconds, as long as that can hold them; pcapng from the first
// frame on that has finer time, a time outside 32 bits, or another link type (what the file holds by then is rewritten
// once, in chunks). Used by all capture threads, under one mutex.
//
// Rotation: x.pcap becomes x.000001.pcap, x.000002.pcap …; a file is closed when the next frame would take it past the
// limit, so that none is larger than the limit plus one frame; only the newest `max_files` are kept.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../base/counters.h"
#include "../base/result.h"
#include "../decode/decoder.h"
#include "engine_options.h"

namespace weir {

class RunState;

class PcapWriter {
 public:
  // Opens the first file. Failure: OUTPUT. Later failures are reported to `run` once (null: nobody), and counted.
  static Result<std::unique_ptr<PcapWriter>> open(const WritePcap& target, uint32_t snaplen, RunState* run);
  ~PcapWriter();
  PcapWriter(const PcapWriter&) = delete;
  PcapWriter& operator=(const PcapWriter&) = delete;

  void write(const Frame& frame);
  void flush();
  // Flushes and closes. Nothing may be written after it.
  void close();
  // The source declares times finer than a microsecond.
  void expect_nanoseconds();
  void read_counters(double* out) const;
  const Failure& failure() const { return failure_; }

 private:
  PcapWriter(WritePcap target, uint32_t snaplen, RunState* run);

  enum class Format : uint8_t { kUnset, kClassic, kPcapng };

  bool open_file();
  void begin_file(const Frame& frame);
  bool needs_pcapng(const Frame& frame) const;
  void append_pcapng(const Frame& frame);
  bool convert_to_pcapng();
  bool copy_as_pcapng(int from, uint64_t bytes);
  void rotate();
  std::string name_of_file(uint32_t number) const;
  bool flush_buffer();
  bool write_out(const uint8_t* bytes, size_t size);
  void fail(const std::string& what, int error_number);

  const WritePcap target_;
  const uint32_t snaplen_;
  RunState* const run_;
  mutable std::mutex mutex_;
  Counters counters_;
  Failure failure_;
  Format format_ = Format::kUnset;
  bool nanoseconds_ = false;
  bool broken_ = false;
  int descriptor_ = -1;
  bool standard_output_ = false;
  uint32_t file_number_ = 0;
  std::deque<std::string> files_;
  uint16_t link_type_ = 0;
  std::vector<uint16_t> interfaces_;  // link types described in the current pcapng file
  std::vector<uint8_t> buffer_;
  uint64_t file_bytes_ = 0;       // in the file, without the buffer
  uint64_t buffered_frames_ = 0;  // in the buffer
};

}  // namespace weir
