// Whose sockets are whose: looks for sockets among the open files of all processes. Every question goes through one open
// folder per process, which stays that process's: a number that another one takes over meanwhile finds nothing.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weir {

struct Process {
  uint32_t pid = 0;  // 0: not found
  std::string name;  // any bytes, at most kProcessNameBytes
};

constexpr size_t kProcessNameBytes = 64;

class ProcessFinder {
 public:
  // `root` is where /proc is.
  explicit ProcessFinder(std::string root);

  // A process for each socket; of several that share one, the one that was found before, else the youngest. False: some
  // were not found, and there are processes whose files may not be seen.
  bool find(const std::vector<uint32_t>& inodes, std::vector<Process>& found);

 private:
  // Where a socket was found: looked at first, and believed only when it is still there.
  struct Place {
    uint32_t pid;
    uint32_t descriptor;
  };
  using Wanted = std::unordered_set<uint32_t>;
  using Found = std::unordered_map<uint32_t, Process>;

  void find_known(Wanted& wanted, Found& found);
  // False: its files may not be seen.
  bool find_in(uint32_t pid, Wanted& wanted, Found& found);
  std::vector<uint32_t> processes() const;
  void remember(uint32_t inode, Place place);

  std::string root_;
  std::unordered_map<uint32_t, Place> places_;
  // Processes with sockets that were asked for, the latest last.
  std::vector<uint32_t> recent_;
};

}  // namespace weir
