// Finds WinDivert.dll, and opens it as this system's live source.
#include <windows.h>

#include <utility>

#include "../base/wide_text.h"
#include "live_source.h"
#include "windivert_source.h"

namespace weir {
namespace {

// Loaded once per path and never given back: its functions may be running in a thread that is still ending.
struct Library {
  DivertApi api{};
  uint32_t error = 0;
};

uint32_t last_error() { return GetLastError(); }

template <typename Function>
bool find(HMODULE module, const char* name, Function& into) {
  into = reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(module, name)));
  return into != nullptr;
}

// By its full path, and what it needs from its own folder or the system's only: this process may well be elevated, and a
// file of that name in the working folder must not be loaded by it.
Library load(const std::string& path) {
  Library library;
  const HMODULE module = LoadLibraryExW(wide_of(path).c_str(), nullptr, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (module == nullptr) {
    library.error = GetLastError();
    return library;
  }
  DivertApi& api = library.api;
  const bool complete = find(module, "WinDivertOpen", api.open) && find(module, "WinDivertRecvEx", api.receive) &&
                        find(module, "WinDivertSendEx", api.send) && find(module, "WinDivertShutdown", api.shutdown) &&
                        find(module, "WinDivertClose", api.close) && find(module, "WinDivertSetParam", api.set_parameter) &&
                        find(module, "WinDivertGetParam", api.get_parameter) &&
                        find(module, "WinDivertHelperCompileFilter", api.compile_filter);
  api.last_error = last_error;
  if (!complete) library.error = ERROR_PROC_NOT_FOUND;
  return library;
}

ClockSample sample_clocks() {
  LARGE_INTEGER before;
  LARGE_INTEGER after;
  FILETIME wall;
  QueryPerformanceCounter(&before);
  GetSystemTimePreciseAsFileTime(&wall);
  QueryPerformanceCounter(&after);
  // Units of 100 ns since 1601.
  constexpr int64_t kToEpoch = 116'444'736'000'000'000;
  const int64_t units = static_cast<int64_t>(static_cast<uint64_t>(wall.dwHighDateTime) << 32 | wall.dwLowDateTime);
  return {before.QuadPart, (units - kToEpoch) * 100, after.QuadPart};
}

bool is_absolute(const std::string& path) {
  const bool drive = path.size() > 3 && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
  return drive || path.rfind("\\\\", 0) == 0;
}

}  // namespace

Result<std::vector<std::unique_ptr<LiveSource>>> open_live_sources(const EngineOptions& options) {
  if (!options.divert) return Failure{"SOURCE_OPEN", "a capture on Windows needs WinDivert", "weir doctor", "", 0};
  const std::string& path = options.divert->library;
  if (!is_absolute(path)) return Failure{"SOURCE_OPEN", "the path of WinDivert.dll must be absolute: " + path, "name it from the drive on", path, 0};
  static Library* library = nullptr;
  static std::string* loaded = nullptr;
  if (loaded == nullptr || *loaded != path) {
    Library found = load(path);
    if (found.error == ERROR_PROC_NOT_FOUND) {
      return Failure{"SOURCE_OPEN", path + " is not WinDivert 2.2", "take the x64 files of WinDivert 2.2", path, ERROR_PROC_NOT_FOUND};
    }
    if (found.error != 0) return divert_open_failure(found.error, path);
    // Leaked on purpose, see Library.
    library = new Library(found);
    loaded = new std::string(path);
  }
  LARGE_INTEGER frequency;
  QueryPerformanceFrequency(&frequency);
  Result<std::unique_ptr<LiveSource>> opened = open_divert_source(options, library->api, frequency.QuadPart, sample_clocks);
  if (!opened.ok()) return opened.take_failure();
  std::vector<std::unique_ptr<LiveSource>> sources;
  sources.push_back(std::move(opened.value()));
  return sources;
}

}  // namespace weir
