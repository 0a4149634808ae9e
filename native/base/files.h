// The few things that capture files need of the system: paths are UTF-8 everywhere, bytes are never translated, results
// and errno are those of POSIX. files_posix.cc and files_windows.cc.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace weir {

enum class FileKind : uint8_t { kRegular, kFolder, kStream };

struct FileFacts {
  FileKind kind;
  uint64_t bytes;
};

// Descriptors, or -1. `path` '-' is the standard stream, as a descriptor of its own.
int open_input(const std::string& path);
int open_output(const std::string& path);
void close_file(int descriptor);

// False and errno when there is nothing, or it cannot be asked.
bool facts_of(const std::string& path, FileFacts& facts);
bool facts_of(int descriptor, FileFacts& facts);
bool is_readable(const std::string& path);

// Bytes moved; 0 at the end, -1 and errno.
long read_file(int descriptor, uint8_t* into, size_t size);
long write_file(int descriptor, const uint8_t* bytes, size_t size);
// True when all bytes were there.
bool read_file_at(int descriptor, uint64_t at, uint8_t* into, size_t size);
bool cut_file(int descriptor, uint64_t bytes);

void remove_file(const std::string& path);
// Takes the place of what is at `to`, also while `to` is open where the system allows it.
bool replace_file(const std::string& from, const std::string& to);

}  // namespace weir
