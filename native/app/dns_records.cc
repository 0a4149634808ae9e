#include "dns_records.h"

#include <initializer_list>
#include <iterator>

#include "tables/dns.h"

namespace weir {
namespace {

// Limits of src/app/dns-records.ts and src/app/dns-svcb.ts, behind which texts are cut. A longer one is not plain, but for
// opaque bytes.
constexpr size_t kOpaqueLimit = 256;
constexpr size_t kStringsLimit = 32;
constexpr size_t kTextLimit = 1024;
constexpr size_t kParameterLimit = 32;
constexpr size_t kListLimit = 16;

constexpr uint32_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kHinfo = 13, kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33, kNaptr = 35,
                   kDname = 39, kDs = 43, kRrsig = 46, kDnskey = 48, kTlsa = 52, kSvcb = 64, kHttps = 65, kCaa = 257;

constexpr uint32_t kMandatory = 0, kAlpn = 1, kNoDefaultAlpn = 2, kServicePort = 3, kIpv4Hint = 4, kIpv6Hint = 6, kDohPath = 7;

void put_ipv4(DnsText& text, Bytes address) {
  for (size_t i = 0; i < 4; i++) {
    if (i > 0) text.put('.');
    text.put_decimal(address[i]);
  }
}

// The first longest run of two or more zero groups; `length` is 1 when there is none.
struct ZeroRun {
  size_t at = 8;
  size_t length = 1;
};

ZeroRun zero_run(const uint32_t (&groups)[8]) {
  ZeroRun best;
  for (size_t start = 0; start < 8; start++) {
    size_t length = 0;
    while (start + length < 8 && groups[start + length] == 0) length++;
    if (length > best.length) best = {start, length};
    start += length;
  }
  return best;
}

// RFC 5952.
void put_ipv6(DnsText& text, Bytes address) {
  uint32_t groups[8];
  for (size_t i = 0; i < 8; i++) groups[i] = address[2 * i] << 8 | address[2 * i + 1];
  const ZeroRun zeros = zero_run(groups);
  if (zeros.at == 0 && zeros.length == 5 && groups[5] == 0xffff) {
    text.put("::ffff:");
    return put_ipv4(text, address.part(12));
  }
  bool needs_colon = false;
  for (size_t i = 0; i < 8;) {
    if (i == zeros.at) {
      text.put("::");
      needs_colon = false;
      i += zeros.length;
      continue;
    }
    if (needs_colon) text.put(':');
    needs_colon = true;
    text.put_hex(groups[i++], 1);
  }
}

// A label, or a value in the form of one. False when it is not printable ASCII.
bool put_label(DnsText& text, Bytes label) {
  for (size_t i = 0; i < label.length; i++) {
    const char letter = static_cast<char>(label[i]);
    if (letter < 0x20 || letter > 0x7e) return false;
    if (letter == '.' || letter == '\\') text.put('\\');
    text.put(letter);
  }
  return true;
}

// False when it is not printable ASCII, or has a backslash.
bool put_quoted(DnsText& text, Bytes value) {
  text.put('"');
  for (size_t i = 0; i < value.length; i++) {
    const char letter = static_cast<char>(value[i]);
    if (letter < 0x20 || letter > 0x7e || letter == '\\') return false;
    if (letter == '"') text.put('\\');
    text.put(letter);
  }
  text.put('"');
  return true;
}

void put_opaque_hex(DnsText& text, Bytes value) {
  for (size_t i = 0; i < value.length && i < kOpaqueLimit; i++) text.put_hex(value[i], 2);
}

void put_base64(DnsText& text, Bytes whole) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const Bytes value = whole.part(0, kOpaqueLimit);
  for (size_t i = 0; i < value.length; i += 3) {
    const Bytes three = value.part(i, 3);
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; j++) bits = bits << 8 | (j < three.length ? three[j] : 0);
    for (size_t j = 0; j < 4; j++) text.put(j <= three.length ? kLetters[bits >> (18 - 6 * j) & 63] : '=');
  }
}

void put_two_digits(DnsText& text, uint32_t value) {
  text.put(static_cast<char>('0' + value / 10));
  text.put(static_cast<char>('0' + value % 10));
}

// `20251031235959`. Days to a date of the Gregorian calendar by eras of 400 years that begin in March.
void put_seconds(DnsText& text, uint32_t seconds) {
  const uint32_t days = seconds / 86400 + 719468;
  const uint32_t era_day = days % 146097;
  const uint32_t era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
  const uint32_t year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
  const uint32_t march_month = (5 * year_day + 2) / 153;
  const uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const uint32_t year = days / 146097 * 400 + era_year + (month <= 2 ? 1 : 0);
  put_two_digits(text, year / 100);
  put_two_digits(text, year % 100);
  put_two_digits(text, month);
  put_two_digits(text, year_day - (153 * march_month + 2) / 5 + 1);
  for (const uint32_t part : {seconds / 3600 % 24, seconds / 60 % 60, seconds % 60}) put_two_digits(text, part);
}

// As RFC 3597 writes it where it has no name.
void put_type(DnsText& text, uint32_t type) {
  const std::string_view name = type_name(type);
  text.put(name.empty() ? "TYPE" : name);
  if (name.empty()) text.put_decimal(type);
}

void put_key(DnsText& text, uint32_t key) {
  if (key < std::size(kServiceKeys)) return text.put(kServiceKeys[key]);
  text.put("key");
  text.put_decimal(key);
}

class RecordWriter {
 public:
  RecordWriter(DnsText& text, const DnsNames& names, Bytes message, size_t at, size_t length)
      : text_(text), names_(names), cursor_(message.part(0, at + length)) {
    cursor_.skip(at);
  }

  bool put(uint32_t type) { return put_fields(type) && !cursor_.overrun() && cursor_.left() == 0 && !text_.is_full(); }

 private:
  // A cursor that has overrun is seen to at the end.
  bool put_fields(uint32_t type) {
    switch (type) {
      case kA: return address(4);
      case kAaaa: return address(16);
      case kNs:
      case kCname:
      case kPtr:
      case kDname: return name();
      case kMx: return numbers({2}) && name();
      case kSrv: return numbers({2, 2, 2}) && name();
      case kSoa: return name() && space() && name() && space() && numbers({4, 4, 4, 4}) && number(4);
      case kTxt: return strings();
      case kHinfo: return string() && space() && string();
      case kNaptr: return numbers({2, 2}) && string() && space() && string() && space() && string() && space() && name();
      case kDs: return numbers({2, 1, 1}) && hex();
      case kDnskey: return numbers({2, 1, 1}) && base64();
      case kTlsa: return numbers({1, 1, 1}) && hex();
      case kRrsig: return signature();
      case kCaa: return authority();
      case kSvcb:
      case kHttps: return numbers({2}) && name() && parameters();
      default: return false;
    }
  }

  bool space() {
    text_.put(' ');
    return true;
  }
  bool number(size_t size) {
    text_.put_decimal(size == 1 ? cursor_.u8() : size == 2 ? cursor_.u16() : cursor_.u32());
    return true;
  }
  // Each with a space behind it.
  bool numbers(std::initializer_list<size_t> sizes) {
    for (const size_t size : sizes) {
      number(size);
      space();
    }
    return true;
  }
  Bytes rest() { return cursor_.take(cursor_.left()); }
  bool hex() {
    put_opaque_hex(text_, rest());
    return true;
  }
  bool base64() {
    put_base64(text_, rest());
    return true;
  }
  bool address(size_t size) {
    if (cursor_.left() != size) return false;
    if (size == 4) put_ipv4(text_, rest());
    else put_ipv6(text_, rest());
    return true;
  }
  bool name() {
    size_t next = 0;
    if (!names_.read(cursor_.at(), text_, next)) return false;
    cursor_.skip(next - cursor_.at());
    return true;
  }
  bool string() { return put_quoted(text_, cursor_.take(cursor_.u8())); }

  bool strings() {
    const size_t begin = text_.used();
    for (size_t count = 0; cursor_.left() > 0; count++) {
      if (count == kStringsLimit || (count > 0 && !space()) || !string() || cursor_.overrun()) return false;
    }
    return text_.used() - begin <= kTextLimit;
  }

  bool signature() {
    const uint32_t covered = cursor_.u16();
    if (covered >= kDnsTypeLimit) return false;
    put_type(text_, covered);
    space();
    numbers({1, 1, 4});
    const uint32_t until = cursor_.u32();
    const uint32_t from = cursor_.u32();
    put_seconds(text_, until);
    space();
    put_seconds(text_, from);
    return space() && numbers({2}) && name() && space() && base64();
  }

  bool authority() {
    numbers({1});
    return put_label(text_, cursor_.take(cursor_.u8())) && space() && put_quoted(text_, cursor_.take(std::min(cursor_.left(), kTextLimit)));
  }

  bool parameters() {
    for (size_t count = 0; cursor_.left() > 0; count++) {
      const uint32_t key = cursor_.u16();
      Cursor value = cursor_.part(cursor_.u16());
      if (count == kParameterLimit || cursor_.overrun()) return false;
      text_.put(' ');
      put_key(text_, key);
      if (key == kNoDefaultAlpn ? value.left() > 0 : value.left() == 0 || !parameter(key, value)) return false;
    }
    return true;
  }

  bool parameter(uint32_t key, Cursor& value) {
    text_.put('=');
    switch (key) {
      case kMandatory: return list(value, [this](Cursor& items) { put_key(text_, items.u16()); });
      case kAlpn: return protocols(value);
      case kServicePort: text_.put_decimal(value.u16()); break;
      case kIpv4Hint: return value.left() % 4 == 0 && list(value, [this](Cursor& items) { put_ipv4(text_, items.take(4)); });
      case kIpv6Hint: return value.left() % 16 == 0 && list(value, [this](Cursor& items) { put_ipv6(text_, items.take(16)); });
      case kDohPath: return value.left() <= kOpaqueLimit && put_label(text_, value.take(value.left()));
      default: put_opaque_hex(text_, value.take(value.left()));
    }
    return !value.overrun() && value.left() == 0;
  }

  template <class Put>
  bool list(Cursor& items, Put put_item) {
    for (size_t count = 0; items.left() > 0; count++) {
      if (count == kListLimit) return false;
      if (count > 0) text_.put(',');
      put_item(items);
    }
    return !items.overrun();
  }
  bool protocols(Cursor& value) {
    bool is_plain = true;
    // No protocol has an empty name.
    const bool is_list = list(value, [&](Cursor& items) {
      const Bytes protocol = items.take(items.u8());
      is_plain &= protocol.length > 0 && put_label(text_, protocol);
    });
    return is_plain && is_list;
  }

  DnsText& text_;
  const DnsNames& names_;
  Cursor cursor_;
};

}  // namespace

std::string_view type_name(uint32_t type) { return type < kDnsTypeCount ? kDnsTypes[type].name : std::string_view(); }

bool is_json_plain(uint32_t type) {
  return type != kTxt && type != kHinfo && type != kNaptr && type != kCaa && type != kSvcb && type != kHttps;
}

bool put_record_data(DnsText& text, const DnsNames& names, Bytes message, size_t at, size_t length, uint32_t type) {
  return length > 0 && RecordWriter(text, names, message, at, length).put(type);
}

}  // namespace weir
