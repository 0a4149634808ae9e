// DNS messages (RFC 1035 section 4, EDNS of RFC 6891) as src/app/dns-message.ts reads them: those of one plain question that
// are whole, and nothing but that.
#pragma once
#include <array>

#include "dns_names.h"

namespace weir {

struct DnsRecord {
  std::string_view name;
  std::string_view data;
  Bytes raw;  // the data as it came
  uint32_t ttl = 0;
  uint32_t type = 0;
};

class DnsMessage {
 public:
  // The texts stay until the next message is read. False when it is not plain.
  bool read(Bytes bytes);

  bool is_response() const { return (bits_ & 0x8000) != 0; }
  // One that may open a flow: src/app/dns.ts would know it as DNS, and none of multicast.
  bool is_opening() const;
  uint32_t rcode() const { return rcode_; }
  std::string_view query() const { return query_; }
  uint32_t qtype() const { return qtype_; }
  bool has_edns() const { return has_edns_; }
  // A type that nobody should use any more.
  bool is_obsolete() const;
  size_t answer_count() const { return answer_count_; }
  const DnsRecord& answer(size_t i) const { return answers_[i]; }

 private:
  struct RecordHead;

  bool question();
  bool answers();
  bool others();
  bool head(RecordHead& found);
  bool answer_of(size_t owner, const RecordHead& found);
  bool owner_name(size_t at, std::string_view& name);
  bool options(const RecordHead& found);
  uint32_t number16(size_t at) const { return bytes_[at] << 8 | bytes_[at + 1]; }

  // RECORD_LIMIT of src/app/dns-message.ts, behind which answers are not kept.
  static constexpr size_t kMostAnswers = 64;

  Bytes bytes_;
  size_t at_ = 0;
  uint32_t bits_ = 0;
  uint32_t rcode_ = 0;
  uint32_t qtype_ = 0;
  bool has_edns_ = false;
  std::string_view query_;
  size_t answer_count_ = 0;
  std::array<DnsRecord, kMostAnswers> answers_;
  DnsText text_;
  DnsNames names_;
};

}  // namespace weir
