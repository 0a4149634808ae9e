// Hosts, and the binary dialogues that need little: DNS (RFC 1035, 6891) and the clear part of SSH (RFC 4253, 8731).
#include "app_payloads.h"

#include <string_view>

#include "../base/random.h"
#include "message_writer.h"

namespace weir {
namespace {

constexpr const char* kServices[16] = {"www",   "api",  "cdn",  "img",  "static", "login",  "shop", "news",
                                       "video", "docs", "maps", "mail", "assets", "search", "play", "status"};
// The certificate of tls_payloads.cc is valid for all of them.
constexpr const char* kDomains[16] = {"harbour", "meadow",  "lantern", "orchard", "granite", "willow", "compass", "beacon",
                                      "juniper", "cascade", "ember",   "summit",  "velvet",  "quarry", "saffron", "thistle"};

void put_dns_name(MessageWriter& out, std::string_view name) {
  while (!name.empty()) {
    const size_t dot = name.find('.');
    out.text_block(1, name.substr(0, dot));
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  out.u8(0);
}

bool make_dns_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  if (number > 1) return false;
  const bool answer = number == 1;
  turn.side = answer ? 1 : 0;
  MessageWriter out(turn.bytes);
  const uint16_t id = static_cast<uint16_t>(dialogue.seed >> 16);
  out.u16s({id, static_cast<uint16_t>(answer ? 0x8180 : 0x0100), 1, static_cast<uint16_t>(answer ? 1 : 0), 0, 1});
  put_dns_name(out, app_host_name(dialogue.host));
  out.u16s({1, 1});  // A, IN
  if (answer) {
    out.u16s({0xc00c, 1, 1});  // the name of the question
    out.u32(300);
    out.block(2, [&] { out.u32(app_host_address(dialogue.host)); });
  }
  // EDNS: the root's OPT record with the size of datagrams taken.
  out.u8(0);
  out.u16s({41, 1232});
  out.u32(0);
  out.u16(0);
  return true;
}

// The binary packet of RFC 4253 section 6: at least 4 bytes of padding, the whole a multiple of 8.
template <typename Payload>
void put_ssh_packet(MessageWriter& out, Random& random, Payload payload) {
  std::vector<uint8_t> bytes;
  MessageWriter inner(bytes);
  payload(inner);
  const size_t padding = 4 + (8 - (5 + bytes.size() + 4) % 8) % 8;
  out.block(4, [&] {
    out.u8(static_cast<uint32_t>(padding));
    out.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    out.random(random, padding);
  });
}

void put_ssh_kexinit(MessageWriter& out, Random& random, bool server) {
  put_ssh_packet(out, random, [&](MessageWriter& message) {
    static constexpr const char* kCiphers = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com";
    static constexpr const char* kMacs = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256";
    message.u8(20);
    message.random(random, 16);
    message.text_block(4, server ? "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,kex-strict-s-v00@openssh.com"
                                 : "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ext-info-c,kex-strict-c-v00@openssh.com");
    message.text_block(4, server ? "ssh-ed25519" : "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256");
    for (const char* list : {kCiphers, kCiphers, kMacs, kMacs, "none,zlib@openssh.com", "none,zlib@openssh.com", "", ""}) message.text_block(4, list);
    message.u8(0);
    message.u32(0);
  });
}

void put_ssh_key_exchange(MessageWriter& out, Random& random, bool server) {
  put_ssh_packet(out, random, [&](MessageWriter& message) {
    message.u8(server ? 31 : 30);
    if (server) {
      message.block(4, [&] {
        message.text_block(4, "ssh-ed25519");
        message.block(4, [&] { message.random(random, 32); });
      });
    }
    message.block(4, [&] { message.random(random, 32); });
    if (!server) return;
    message.block(4, [&] {
      message.text_block(4, "ssh-ed25519");
      message.block(4, [&] { message.random(random, 64); });
    });
  });
}

// Banners, KEXINIT, the exchange of keys, NEWKEYS; what follows is encrypted.
bool make_ssh_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  if (number > 6) return false;
  const bool server = number % 2 == 1;
  turn.side = server ? 1 : 0;
  Random random(dialogue.seed + number);
  MessageWriter out(turn.bytes);
  const auto new_keys = [&] { put_ssh_packet(out, random, [](MessageWriter& message) { message.u8(21); }); };
  switch (number / 2) {
    case 0: out.text(server ? "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u1\r\n" : "SSH-2.0-OpenSSH_9.6\r\n"); break;
    case 1: put_ssh_kexinit(out, random, server); break;
    case 2:
      put_ssh_key_exchange(out, random, server);
      if (server) new_keys();
      break;
    default: new_keys();
  }
  return true;
}

}  // namespace

std::string app_host_name(uint32_t host) { return std::string(kServices[host % 16]) + "." + kDomains[host / 16 % 16] + ".example"; }

uint32_t app_host_address(uint32_t host) { return 0xc6120000 + 256 * (host / 16) + 10 + host % 16; }

bool make_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  turn.bytes.clear();
  switch (dialogue.app) {
    case App::kTls13:
    case App::kTls12: return make_tls_turn(dialogue, number, turn);
    case App::kHttp: return make_http_turn(dialogue, number, turn);
    case App::kDns: return make_dns_turn(dialogue, number, turn);
    case App::kQuic: return make_quic_turn(dialogue, number, turn);
    case App::kSsh: return make_ssh_turn(dialogue, number, turn);
    case App::kSmtp: return make_smtp_turn(dialogue, number, turn);
  }
  return false;
}

}  // namespace weir
