// What is known of certificates that were seen before: src/app/x509.ts has read them. One that is not known is remembered,
// so that it can be read and learned.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "bytes.h"

namespace weir {

struct KnownCertificate {
  // CertificateFacts of src/app/facts.ts as JSON.
  std::string json;
  // Names that it is for, in small letters.
  std::vector<std::string> names;
  // Seconds since the epoch; NaN when they could not be read.
  double not_before = 0;
  double not_after = 0;
  bool self_signed = false;
};

class Certificates {
 public:
  // Null when it is not known; it is among the unknown ones then, unless they are many.
  const KnownCertificate* find(Bytes der);
  // Replaces what was known of it. All of them are forgotten when there is no more room.
  void learn(Bytes der, KnownCertificate known);
  // Those that were asked for in vain since the last call.
  std::vector<std::string> take_unknown();

 private:
  static constexpr size_t kMostKnown = 1024;
  static constexpr size_t kMostUnknown = 8;
  static constexpr size_t kLongest = 8192;

  std::unordered_map<std::string, KnownCertificate> known_;
  std::vector<std::string> unknown_;
  std::string key_;
};

}  // namespace weir
