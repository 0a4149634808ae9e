#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "files.h"

namespace weir {
namespace {

FileFacts facts_from(const struct stat& found) {
  if (S_ISDIR(found.st_mode)) return {FileKind::kFolder, 0};
  if (!S_ISREG(found.st_mode)) return {FileKind::kStream, 0};
  return {FileKind::kRegular, static_cast<uint64_t>(found.st_size)};
}

}  // namespace

int open_input(const std::string& path) {
  // Non-blocking, so that opening a named pipe waits in poll(), where a stop request is seen.
  return path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int open_output(const std::string& path) {
  return path == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

void close_file(int descriptor) { close(descriptor); }

bool facts_of(const std::string& path, FileFacts& facts) {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) return false;
  facts = facts_from(found);
  return true;
}

bool facts_of(int descriptor, FileFacts& facts) {
  struct stat found{};
  if (fstat(descriptor, &found) != 0) return false;
  facts = facts_from(found);
  return true;
}

bool is_readable(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

long read_file(int descriptor, uint8_t* into, size_t size) { return read(descriptor, into, size); }

long write_file(int descriptor, const uint8_t* bytes, size_t size) { return write(descriptor, bytes, size); }

bool read_file_at(int descriptor, uint64_t at, uint8_t* into, size_t size) {
  return pread(descriptor, into, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
}

bool cut_file(int descriptor, uint64_t bytes) { return ftruncate(descriptor, static_cast<off_t>(bytes)) == 0; }

void remove_file(const std::string& path) { unlink(path.c_str()); }

bool replace_file(const std::string& from, const std::string& to) { return rename(from.c_str(), to.c_str()) == 0; }

}  // namespace weir
