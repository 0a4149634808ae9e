// A minimal test harness: TEST(name) { CHECK(...); EQ(actual, expected); }. Every failure prints its place and goes on.
#pragma once
#include <cstdio>
#include <string>
#include <vector>

namespace check {

struct Case {
  const char* name;
  void (*run)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Register {
  Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  ++failures();
  std::printf("  %s:%d: %s\n", file, line, what.c_str());
}

template <class A, class B>
void equal(const char* file, int line, const char* text, const A& actual, const B& expected) {
  const auto a = static_cast<long long>(actual);
  const auto b = static_cast<long long>(expected);
  if (a != b) fail(file, line, std::string(text) + " is " + std::to_string(a) + ", not " + std::to_string(b));
}

}  // namespace check

#define TEST(name)                                            \
  static void name();                                         \
  static const check::Register register_##name(#name, &name); \
  static void name()
#define CHECK(condition) \
  if (!(condition)) check::fail(__FILE__, __LINE__, #condition)
#define EQ(actual, expected) check::equal(__FILE__, __LINE__, #actual, (actual), (expected))
