// No libpcap: filters of live captures go to WinDivert in its own language, captures in files are read whole.
#include <utility>

#include "frame_filter.h"

namespace weir {
namespace {

constexpr const char* kNoCompiler = "this build has no libpcap to filter captures in files with";

}  // namespace

struct FrameFilter::Program {};

FrameFilter::FrameFilter(std::string expression) : expression_(std::move(expression)) {}
FrameFilter::~FrameFilter() = default;

std::string filter_library() { return ""; }

std::string check_filter(const std::string&, int, int) { return kNoCompiler; }

bool FrameFilter::passes(const Frame&) {
  failure_ = {"FILTER", kNoCompiler, "", "", 0};
  return false;
}

}  // namespace weir
