#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#include <windows.h>

#include <algorithm>
#include <cerrno>

#include "files.h"
#include "wide_text.h"

namespace weir {
namespace {

// One call of the C runtime moves at most an int's worth.
constexpr size_t kMostBytes = size_t{1} << 30;

template <typename Found>
FileFacts facts_from(const Found& found) {
  if ((found.st_mode & S_IFMT) == S_IFDIR) return {FileKind::kFolder, 0};
  if ((found.st_mode & S_IFMT) != S_IFREG) return {FileKind::kStream, 0};
  return {FileKind::kRegular, static_cast<uint64_t>(found.st_size)};
}

// The same stream under a descriptor of ours, without translation of line ends.
int duplicate_binary(int descriptor) {
  const int copy = _dup(descriptor);
  if (copy >= 0) _setmode(copy, _O_BINARY);
  return copy;
}

}  // namespace

int open_input(const std::string& path) {
  return path == "-" ? duplicate_binary(0) : _wsopen(wide_of(path).c_str(), _O_RDONLY | _O_BINARY | _O_NOINHERIT, _SH_DENYNO, 0);
}

int open_output(const std::string& path) {
  if (path == "-") return duplicate_binary(1);
  // Not through the C runtime: only so can the file be renamed and removed while it is open.
  constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  const HANDLE file =
      CreateFileW(wide_of(path).c_str(), GENERIC_READ | GENERIC_WRITE, kShared, nullptr, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    const DWORD error = GetLastError();
    errno = error == ERROR_PATH_NOT_FOUND ? ENOENT : error == ERROR_DISK_FULL ? ENOSPC : EACCES;
    return -1;
  }
  return _open_osfhandle(reinterpret_cast<intptr_t>(file), _O_RDWR | _O_BINARY | _O_NOINHERIT);
}

void close_file(int descriptor) { _close(descriptor); }

bool facts_of(const std::string& path, FileFacts& facts) {
  struct _stati64 found{};
  if (_wstati64(wide_of(path).c_str(), &found) != 0) return false;
  facts = facts_from(found);
  return true;
}

bool facts_of(int descriptor, FileFacts& facts) {
  struct _stati64 found{};
  if (_fstati64(descriptor, &found) != 0) return false;
  facts = facts_from(found);
  return true;
}

bool is_readable(const std::string& path) { return _waccess(wide_of(path).c_str(), 4) == 0; }

long read_file(int descriptor, uint8_t* into, size_t size) {
  return _read(descriptor, into, static_cast<unsigned>(std::min(size, kMostBytes)));
}

long write_file(int descriptor, const uint8_t* bytes, size_t size) {
  return _write(descriptor, bytes, static_cast<unsigned>(std::min(size, kMostBytes)));
}

bool read_file_at(int descriptor, uint64_t at, uint8_t* into, size_t size) {
  OVERLAPPED place{};
  place.Offset = static_cast<DWORD>(at);
  place.OffsetHigh = static_cast<DWORD>(at >> 32);
  DWORD got = 0;
  const HANDLE file = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
  return ReadFile(file, into, static_cast<DWORD>(size), &got, &place) != 0 && got == size;
}

bool cut_file(int descriptor, uint64_t bytes) {
  LARGE_INTEGER end{};
  end.QuadPart = static_cast<LONGLONG>(bytes);
  const HANDLE file = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
  return SetFilePointerEx(file, end, nullptr, FILE_BEGIN) != 0 && SetEndOfFile(file) != 0;
}

void remove_file(const std::string& path) { _wunlink(wide_of(path).c_str()); }

bool replace_file(const std::string& from, const std::string& to) {
  if (MoveFileExW(wide_of(from).c_str(), wide_of(to).c_str(), MOVEFILE_REPLACE_EXISTING) != 0) return true;
  errno = EACCES;
  return false;
}

}  // namespace weir
