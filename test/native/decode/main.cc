// Runs the decoder's tests: one line per test, then the totals. An argument selects tests whose name contains it.
#include <cstring>

#include "check.h"

int main(int argc, char** argv) {
  int run = 0;
  int failed = 0;
  for (const check::Case& test : check::cases()) {
    if (argc > 1 && std::strstr(test.name, argv[1]) == nullptr) continue;
    const int before = check::failures();
    test.run();
    ++run;
    const bool ok = check::failures() == before;
    failed += !ok;
    std::printf("%s %s\n", ok ? "ok" : "FAILED", test.name);
  }
  std::printf("%d tests, %d failed\n", run, failed);
  return run > 0 && failed == 0 ? 0 : 1;
}
