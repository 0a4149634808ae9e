#include "dns_message.h"

#include "dns_records.h"
#include "tables/dns.h"

namespace weir {
namespace {

constexpr size_t kHeaderLength = 12;
constexpr size_t kShortest = kHeaderLength + 5;
constexpr size_t kNetbiosLength = 32;

constexpr size_t kQuestions = 4;
constexpr size_t kAnswers = 6;
constexpr size_t kAuthority = 8;
constexpr size_t kAdditional = 10;

// Another operation than a query, or the bit that has no meaning.
constexpr uint32_t kOddBits = 0x7840;
constexpr uint32_t kRecursionDesired = 0x0100;
constexpr uint32_t kRcodeBits = 0x000f;
constexpr uint32_t kMostAdditional = 4;

constexpr uint32_t kOpt = 41;

// Classes in use; the top bit is multicast DNS's.
bool is_class(uint32_t code) { return (code >= 1 && code <= 4) || code == 254 || code == 255; }
// The 32 letters A to P that a NetBIOS name is written with.
bool is_netbios_name(Bytes bytes) {
  if (bytes[0] != kNetbiosLength || bytes.length <= kNetbiosLength) return false;
  for (size_t i = 1; i <= kNetbiosLength; i++) {
    if (bytes[i] < 'A' || bytes[i] > 'P') return false;
  }
  return true;
}
bool is_type(uint32_t type) { return type > 0 && type < kDnsTypeLimit; }

}  // namespace

// What stands between a record's name and its data.
struct DnsMessage::RecordHead {
  uint32_t type;
  uint32_t udp_size_or_class;
  uint32_t ttl;
  size_t data;
  size_t length;
};

bool DnsMessage::read(Bytes bytes) {
  bytes_ = bytes;
  names_.over(bytes);
  text_.clear();
  at_ = kHeaderLength;
  answer_count_ = 0;
  has_edns_ = false;
  if (bytes.length < kShortest) return false;
  bits_ = number16(2);
  rcode_ = bits_ & kRcodeBits;
  return (bits_ & kOddBits) == 0 && question() && answers() && others() && at_ == bytes.length;
}

bool DnsMessage::question() {
  if (number16(kQuestions) != 1 || is_netbios_name(bytes_.part(at_))) return false;
  size_t next = 0;
  if (!names_.read(at_, text_, next) || next + 4 > bytes_.length) return false;
  query_ = text_.from(0);
  // Nothing comes before the question that it could point to.
  if (next - at_ != (query_ == "." ? 1 : query_.size() + 2)) return false;
  qtype_ = number16(next);
  at_ = next + 4;
  return is_type(qtype_) && is_class(number16(next + 2));
}

bool DnsMessage::head(RecordHead& found) {
  if (at_ + 10 > bytes_.length) return false;
  found.type = number16(at_);
  found.udp_size_or_class = number16(at_ + 2);
  found.ttl = number16(at_ + 4) << 16 | number16(at_ + 6);
  found.length = number16(at_ + 8);
  found.data = at_ + 10;
  at_ = found.data + found.length;
  return at_ <= bytes_.length && (found.type == kOpt || (is_type(found.type) && is_class(found.udp_size_or_class)));
}

bool DnsMessage::answers() {
  const uint32_t count = number16(kAnswers);
  if (count > kMostAnswers) return false;
  for (uint32_t i = 0; i < count; i++) {
    const size_t owner = at_;
    RecordHead found;
    if (!names_.skip(owner, at_) || !head(found)) return false;
    if (found.type == kOpt || !answer_of(owner, found)) return false;
  }
  return true;
}

bool DnsMessage::answer_of(size_t owner, const RecordHead& found) {
  DnsRecord& record = answers_[answer_count_++];
  if (!owner_name(owner, record.name)) return false;
  const size_t begin = text_.used();
  if (!put_record_data(text_, names_, bytes_, found.data, found.length, found.type)) return false;
  record.data = text_.from(begin);
  record.raw = bytes_.part(found.data, found.length);
  record.ttl = found.ttl;
  record.type = found.type;
  return true;
}

bool DnsMessage::owner_name(size_t at, std::string_view& name) {
  // Nearly all of them point to the question.
  if (number16(at) == (0xc000 | kHeaderLength)) {
    text_.charge(query_.size());
    name = query_;
    return !text_.is_full();
  }
  const size_t begin = text_.used();
  size_t next = 0;
  if (!names_.read(at, text_, next)) return false;
  name = text_.from(begin);
  return true;
}

// Authority and additional records, of which only the EDNS one says anything here.
bool DnsMessage::others() {
  const uint32_t count = number16(kAuthority) + number16(kAdditional);
  for (uint32_t i = 0; i < count; i++) {
    RecordHead found;
    if (!names_.skip(at_, at_) || !head(found)) return false;
    if (found.type == kOpt && !options(found)) return false;
  }
  return true;
}

bool DnsMessage::options(const RecordHead& found) {
  const Bytes all = bytes_.part(found.data, found.length);
  for (size_t at = 0; at + 4 <= all.length;) {
    at += 4 + size_t{uint32_t{all[at + 2]} << 8 | all[at + 3]};
    if (at > all.length) return false;
  }
  rcode_ |= found.ttl >> 24 << 4;
  has_edns_ = true;
  return true;
}

bool DnsMessage::is_opening() const {
  // Multicast DNS has no ids, and wants no recursion.
  if (number16(0) == 0 && (bits_ & kRecursionDesired) == 0) return false;
  if (is_response()) return true;
  const bool is_question_only = number16(kAnswers) == 0 && number16(kAuthority) == 0 && number16(kAdditional) <= kMostAdditional;
  return is_question_only && (bits_ & kRcodeBits) == 0;
}

bool DnsMessage::is_obsolete() const {
  // No plain answer is of such a type.
  return qtype_ < kDnsTypeCount && kDnsTypes[qtype_].is_obsolete;
}

}  // namespace weir
