#include "certificates.h"

#include <utility>

namespace weir {

const KnownCertificate* Certificates::find(Bytes der) {
  key_.assign(der.text());
  const auto found = known_.find(key_);
  if (found != known_.end()) return &found->second;
  if (der.length <= kLongest && unknown_.size() < kMostUnknown) unknown_.push_back(key_);
  return nullptr;
}

void Certificates::learn(Bytes der, KnownCertificate known) {
  if (der.length > kLongest) return;
  if (known_.size() >= kMostKnown) known_.clear();
  known_[std::string(der.text())] = std::move(known);
}

std::vector<std::string> Certificates::take_unknown() { return std::exchange(unknown_, {}); }

}  // namespace weir
