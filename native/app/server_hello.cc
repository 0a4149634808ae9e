#include "server_hello.h"

#include "note_text.h"
#include "tls_names.h"

namespace weir {
namespace {

enum Extension : uint32_t { kAlpn = 16, kPreSharedKey = 41, kSupportedVersions = 43, kKeyShare = 51 };

constexpr size_t kLongestSessionId = 32;

// SHA-256 of "HelloRetryRequest", which stands in place of the random number.
constexpr uint8_t kRetryRandom[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

bool read_extension(uint32_t type, Cursor body, ServerHello& hello) {
  switch (type) {
    case kAlpn: {
      Cursor list = body.part(body.u16());
      const Bytes name = list.take(list.u8());
      if (name.length > 0) hello.alpn = name;
      return is_plain_text(name);
    }
    case kSupportedVersions:
      if (body.left() >= 2) hello.version = body.u16();
      return true;
    case kKeyShare:
      if (body.left() >= 2) {
        hello.has_group = true;
        hello.group = body.u16();
      }
      return true;
    case kPreSharedKey: hello.pre_shared_key = true; return true;
    default: return true;
  }
}

}  // namespace

void ServerHello::clear() {
  legacy_version = version = cipher = group = 0;
  session_id = alpn = {};
  extensions.clear();
  has_group = pre_shared_key = retry = false;
}

bool parse_server_hello(Bytes body, ServerHello& out) {
  out.clear();
  Cursor cursor(body);
  out.legacy_version = out.version = cursor.u16();
  // Drafts of TLS 1.3 are of another form, and rare.
  if (out.legacy_version >> 8 != 3 || (out.legacy_version & 0xff) > 4) return false;
  out.retry = cursor.take(sizeof kRetryRandom) == Bytes{kRetryRandom, sizeof kRetryRandom};
  out.session_id = cursor.take(cursor.u8());
  out.cipher = cursor.u16();
  cursor.skip(1);
  if (cursor.overrun() || out.session_id.length > kLongestSessionId) return false;
  if (cursor.left() < 2) return true;
  Cursor block = cursor.part(cursor.u16());
  while (block.left() >= 4) {
    const uint32_t type = block.u16();
    const Cursor extension = block.part(block.u16());
    if (block.overrun() || !out.extensions.push(type) || !read_extension(type, extension, out)) return false;
  }
  return !cursor.overrun();
}

bool Ja3s::put(std::string& out, const ServerHello& hello, Digests& digests) {
  text_.clear();
  put_decimal(text_, hello.legacy_version);
  text_ += ',';
  put_decimal(text_, hello.cipher);
  text_ += ',';
  bool first = true;
  for (const uint32_t type : hello.extensions) {
    if (is_grease(type)) continue;
    if (!first) text_ += '-';
    first = false;
    put_decimal(text_, type);
  }
  Known& known = known_[std::hash<std::string>()(text_) % kSlots];
  if (known.text != text_) {
    known.fingerprint.clear();
    known.text.clear();
    if (!digests.put_md5(known.fingerprint, text_)) return false;
    known.text = text_;
  }
  out += known.fingerprint;
  return true;
}

}  // namespace weir
