// A BPF expression applied in this process, for sources that have no kernel behind them. One program per link type.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../base/result.h"
#include "../decode/decoder.h"

// Of libpcap, which not every platform has.
struct bpf_program;

namespace weir {

// What compiles filters, and its version.
std::string filter_library();
// The compiler's message, or '' when the expression is valid for frames of that LINKTYPE_ number.
std::string check_filter(const std::string& expression, int link_type, int snaplen);

// Compiles for frames of that link type; the compiler's message, or ''. `program` then needs pcap_freecode.
std::string compile_filter(const std::string& expression, int link_type, int snaplen, bpf_program& program);

class FrameFilter {
 public:
  explicit FrameFilter(std::string expression);
  ~FrameFilter();
  FrameFilter(const FrameFilter&) = delete;
  FrameFilter& operator=(const FrameFilter&) = delete;

  bool active() const { return !expression_.empty(); }
  // True when the frame passes. A link type that the expression cannot be compiled for passes nothing, and leaves its
  // message in failure().
  bool passes(const Frame& frame);
  const Failure& failure() const { return failure_; }

 private:
  struct Program;
  const Program& program_for(uint16_t link_type);

  std::string expression_;
  std::vector<std::unique_ptr<Program>> programs_;
  Failure failure_;
};

}  // namespace weir
