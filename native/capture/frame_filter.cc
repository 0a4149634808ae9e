#include "frame_filter.h"

#include <pcap/pcap.h>

#include <mutex>
#include <utility>

namespace weir {
namespace {

constexpr int kSnaplen = 262'144;

// LINKTYPE_ numbers of files whose DLT_ number in libpcap is another one on this platform.
int dlt_of(int link_type) {
  switch (link_type) {
    case 100: return DLT_ATM_RFC1483;
    case 101: return DLT_RAW;
    default: return link_type;
  }
}

// pcap_compile of libpcap before 1.8 was not reentrant, and name look-ups in expressions may not be either.
std::mutex& compiler_mutex() {
  static std::mutex* const mutex = new std::mutex;
  return *mutex;
}

bool compile(const std::string& expression, int link_type, int snaplen, bpf_program& code, std::string& message) {
  const std::lock_guard lock(compiler_mutex());
  pcap_t* const pcap = pcap_open_dead(dlt_of(link_type), snaplen);
  if (pcap == nullptr) {
    message = "no memory to compile the filter";
    return false;
  }
  const bool good = pcap_compile(pcap, &code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
  if (!good) message = pcap_geterr(pcap);
  pcap_close(pcap);
  return good;
}

}  // namespace

std::string compile_filter(const std::string& expression, int link_type, int snaplen, bpf_program& program) {
  std::string message;
  compile(expression, link_type, snaplen, program, message);
  return message;
}

std::string filter_library() { return pcap_lib_version(); }

std::string check_filter(const std::string& expression, int link_type, int snaplen) {
  bpf_program code{};
  std::string message;
  if (compile(expression, link_type, snaplen, code, message)) pcap_freecode(&code);
  return message;
}

struct FrameFilter::Program {
  uint16_t link_type;
  bool valid = false;
  bpf_program code{};

  explicit Program(uint16_t type) : link_type(type) {}
  ~Program() {
    if (valid) pcap_freecode(&code);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
};

FrameFilter::FrameFilter(std::string expression) : expression_(std::move(expression)) {}
FrameFilter::~FrameFilter() = default;

const FrameFilter::Program& FrameFilter::program_for(uint16_t link_type) {
  for (const auto& program : programs_) {
    if (program->link_type == link_type) return *program;
  }
  programs_.push_back(std::make_unique<Program>(link_type));
  Program& program = *programs_.back();
  std::string message;
  program.valid = compile(expression_, link_type, kSnaplen, program.code, message);
  if (!program.valid) {
    failure_ = {"FILTER", "filter does not fit link type " + std::to_string(link_type) + ": " + message, "", "", 0};
  }
  return program;
}

bool FrameFilter::passes(const Frame& frame) {
  const Program& program = program_for(frame.link_type);
  if (!program.valid) return false;
  pcap_pkthdr header{};
  header.caplen = frame.captured;
  header.len = frame.wire;
  return pcap_offline_filter(&program.code, &header, frame.bytes) != 0;
}

}  // namespace weir
