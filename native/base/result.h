// Errors as values: C++ exceptions never leave this library.
#pragma once
#include <optional>
#include <string>
#include <utility>

namespace weir {

// An operating failure. `code` is one of the codes in src/errors.ts.
struct Failure {
  std::string code;
  std::string message;
  std::string hint;
  std::string path;
  int error_number = 0;
};

// Either a value or the reason why there is none.
template <typename T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Failure failure) : failure_(std::move(failure)) {}

  bool ok() const { return value_.has_value(); }
  T& value() { return *value_; }
  const Failure& failure() const { return failure_; }
  Failure take_failure() { return std::move(failure_); }

 private:
  std::optional<T> value_;
  Failure failure_;
};

}  // namespace weir
