// What the two sides of a flow of the apps profile say to each other before the bulk of the data.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class App : uint8_t { kTls13, kTls12, kHttp, kDns, kQuic, kSsh, kSmtp };

constexpr uint32_t kAppHosts = 256;

struct AppDialogue {
  App app = App::kTls13;
  uint64_t seed = 0;   // decides every byte that differs between flows of one kind
  uint32_t host = 0;   // of kAppHosts
  uint64_t body = 0;   // HTTP: bytes that will follow the header of the response
};

// What one side says before the other one answers; over UDP it is one datagram.
struct Turn {
  int side = 0;  // 0 = client
  std::vector<uint8_t> bytes;
};

// Names of 198.18.0.0/16, the benchmarking network of RFC 2544.
std::string app_host_name(uint32_t host);
uint32_t app_host_address(uint32_t host);

// Turn `number` of a dialogue, from 0; false behind the last one. Always the same bytes, so that a sender of segments
// need not keep them.
bool make_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn);

// Each app's turns, by file: tls_payloads.cc, quic_payloads.cc, text_payloads.cc (HTTP, SMTP), app_payloads.cc (DNS, SSH).
bool make_tls_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn);
bool make_quic_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn);
bool make_http_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn);
bool make_smtp_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn);

// Turns `length` random bytes into a QUIC packet with a short header from that side.
void make_quic_short_header(uint8_t* packet, int side);

}  // namespace weir
