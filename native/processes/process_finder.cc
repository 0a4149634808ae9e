#include "process_finder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace weir {
namespace {

constexpr size_t kMostPlaces = 8192;
constexpr size_t kMostRecent = 64;
constexpr std::string_view kSocketPrefix = "socket:[";

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

struct FolderCloser {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, FolderCloser>;

bool read_number(std::string_view text, uint32_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end;
}

// The socket that an entry of a process's folder of open files leads to.
bool read_socket(int folder, const char* entry, uint32_t& inode) {
  char target[64];
  const ssize_t length = readlinkat(folder, entry, target, sizeof target);
  if (length <= 0 || static_cast<size_t>(length) >= sizeof target) return false;
  const std::string_view text(target, static_cast<size_t>(length));
  if (text.substr(0, kSocketPrefix.size()) != kSocketPrefix || text.back() != ']') return false;
  return read_number(text.substr(kSocketPrefix.size(), text.size() - kSocketPrefix.size() - 1), inode);
}

bool read_name(int process, std::string& name) {
  const Descriptor file(openat(process, "comm", O_RDONLY | O_CLOEXEC));
  char bytes[kProcessNameBytes];
  const ssize_t length = file.get() < 0 ? -1 : read(file.get(), bytes, sizeof bytes);
  if (length < 0) return false;
  name.assign(bytes, static_cast<size_t>(length));
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return true;
}

}  // namespace

ProcessFinder::ProcessFinder(std::string root) : root_(std::move(root)) {}

bool ProcessFinder::find(const std::vector<uint32_t>& inodes, std::vector<Process>& found) {
  Wanted wanted(inodes.begin(), inodes.end());
  Found by_inode;
  find_known(wanted, by_inode);
  bool all_seen = true;
  if (!wanted.empty()) {
    for (const uint32_t pid : processes()) {
      if (!find_in(pid, wanted, by_inode)) all_seen = false;
      if (wanted.empty()) break;
    }
  }
  found.clear();
  for (const uint32_t inode : inodes) found.push_back(by_inode[inode]);
  return wanted.empty() || all_seen;
}

void ProcessFinder::find_known(Wanted& wanted, Found& found) {
  for (auto at = wanted.begin(); at != wanted.end();) {
    const auto place = places_.find(*at);
    if (place == places_.end()) {
      ++at;
      continue;
    }
    const auto [pid, descriptor] = place->second;
    const Descriptor process(open((root_ + "/" + std::to_string(pid)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    uint32_t inode = 0;
    Process known{pid, {}};
    const std::string entry = "fd/" + std::to_string(descriptor);
    if (process.get() >= 0 && read_socket(process.get(), entry.c_str(), inode) && inode == *at && read_name(process.get(), known.name)) {
      found[*at] = std::move(known);
      at = wanted.erase(at);
    } else {
      places_.erase(place);
      ++at;
    }
  }
}

bool ProcessFinder::find_in(uint32_t pid, Wanted& wanted, Found& found) {
  const Descriptor process(open((root_ + "/" + std::to_string(pid)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (process.get() < 0) return true;
  const int descriptor = openat(process.get(), "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno != EACCES && errno != EPERM;
  const Folder folder(fdopendir(descriptor));
  if (folder == nullptr) {
    close(descriptor);
    return true;
  }
  Process owner;
  bool is_hidden = false;
  while (const dirent* const entry = readdir(folder.get())) {
    uint32_t number = 0;
    uint32_t inode = 0;
    if (!read_number(entry->d_name, number)) continue;
    errno = 0;
    if (!read_socket(dirfd(folder.get()), entry->d_name, inode)) {
      // A process may let its folder be listed and still not say what is in it.
      is_hidden = errno == EACCES || errno == EPERM;
      if (is_hidden) break;
      continue;
    }
    if (wanted.count(inode) == 0) continue;
    if (owner.pid == 0 && !read_name(process.get(), owner.name)) break;
    owner.pid = pid;
    found[inode] = owner;
    wanted.erase(inode);
    remember(inode, {pid, number});
    if (wanted.empty()) break;
  }
  if (owner.pid != 0) {
    recent_.erase(std::remove(recent_.begin(), recent_.end(), pid), recent_.end());
    recent_.push_back(pid);
    if (recent_.size() > kMostRecent) recent_.erase(recent_.begin());
  }
  return !is_hidden;
}

// Those that had sockets asked for before, then the rest, the youngest first: a process connects soon after its start.
std::vector<uint32_t> ProcessFinder::processes() const {
  std::vector<uint32_t> order(recent_.rbegin(), recent_.rend());
  const auto known = static_cast<std::ptrdiff_t>(order.size());
  const Folder folder(opendir(root_.c_str()));
  if (folder == nullptr) return order;
  while (const dirent* const entry = readdir(folder.get())) {
    uint32_t pid = 0;
    if (read_number(entry->d_name, pid) && std::find(recent_.begin(), recent_.end(), pid) == recent_.end()) order.push_back(pid);
  }
  std::sort(order.begin() + known, order.end(), std::greater<>());
  return order;
}

void ProcessFinder::remember(uint32_t inode, Place place) {
  if (places_.size() >= kMostPlaces) places_.clear();
  places_[inode] = place;
}

}  // namespace weir
