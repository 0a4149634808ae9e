// The clear part of TLS: the hello of a browser and a server's flight, for 1.3 (RFC 8446) and 1.2 (RFC 5246).
//
//   1.3   client hello ->   <- hello, change cipher spec, encrypted flight   finished, request ->   (bulk)
//   1.2   client hello ->   <- hello, certificate, key exchange, done   key exchange, finished ->   <- finished   request ->
//
// Nothing is encrypted in truth: what a sensor cannot read is random.
#include "app_payloads.h"
#include "message_writer.h"

namespace weir {
namespace {

enum Record : uint8_t { kChangeCipherSpec = 20, kHandshake = 22, kApplicationData = 23 };
enum Message : uint8_t { kClientHello = 1, kServerHello = 2, kCertificateMessage = 11, kServerKeys = 12, kServerDone = 14, kClientKeys = 16 };

// ECDSA P-256, for *.<domain>.example with every domain of app_payloads.cc, October 2023 to September 2024.
constexpr const char* kCertificate =
    "30820315308202bca00302010202142b89e1e73ef472844551708832b1214e895309a4300a06082a8648ce3d0403023046310b300906035504061302"
    "4445311f301d060355040a0c164578616d706c652054727573742053657276696365733116301406035504030c0d4578616d706c6520434120523130"
    "1e170d3233313030313030303030305a170d3234303933303233353935395a301c311a301806035504030c112a2e686172626f75722e6578616d706c"
    "653059301306072a8648ce3d020106082a8648ce3d03010703420004b64c4d1c28db738b6c6dc9b795d216fd424128afc884cd409a5aa0dd02e3b297"
    "d891479609d52263fa7168e09a98d54398324351e90137862bb348efd9cdf261a38201b0308201ac300e0603551d0f0101ff04040302078030130603"
    "551d25040c300a06082b06010505070301300c0603551d130101ff04023000301d0603551d0e04160414b94eacdc56f8af525dfa8128464030cd7d1b"
    "99ff301f0603551d2304183016801439223a51b3217e497ac7c7ffd3a51c8e70065651308201350603551d110482012c3082012882112a2e68617262"
    "6f75722e6578616d706c6582102a2e6d6561646f772e6578616d706c6582112a2e6c616e7465726e2e6578616d706c6582112a2e6f7263686172642e"
    "6578616d706c6582112a2e6772616e6974652e6578616d706c6582102a2e77696c6c6f772e6578616d706c6582112a2e636f6d706173732e6578616d"
    "706c6582102a2e626561636f6e2e6578616d706c6582112a2e6a756e697065722e6578616d706c6582112a2e636173636164652e6578616d706c6582"
    "0f2a2e656d6265722e6578616d706c6582102a2e73756d6d69742e6578616d706c6582102a2e76656c7665742e6578616d706c6582102a2e71756172"
    "72792e6578616d706c6582112a2e73616666726f6e2e6578616d706c6582112a2e74686973746c652e6578616d706c65300a06082a8648ce3d040302"
    "034700304402203ead34130abcac7d8e1107f95bd5856703685902b133e67315ef31126a798adf0220043fcc40a3ea11aed267141f19abd057790718"
    "53cc03d19dfa53fe00fc92630e";

// The values of RFC 8701 that browsers put beside real ones: 0x0a0a, 0x1a1a .. 0xfafa.
uint16_t grease(Random& random) { return static_cast<uint16_t>((random.below(16) << 4 | 0x0a) * 0x101); }

template <typename Body>
void put_record(MessageWriter& out, Record type, uint16_t version, Body body) {
  out.u8(type);
  out.u16(version);
  out.block(2, body);
}

template <typename Body>
void put_handshake(MessageWriter& out, Message type, uint16_t version, Body body) {
  put_record(out, kHandshake, version, [&] {
    out.u8(type);
    out.block(3, body);
  });
}

template <typename Body>
void put_extension(MessageWriter& out, uint16_t type, Body body) {
  out.u16(type);
  out.block(2, body);
}

void put_change_cipher_spec(MessageWriter& out) {
  put_record(out, kChangeCipherSpec, 0x0303, [&] { out.u8(1); });
}

void put_secret(MessageWriter& out, Record type, Random& random, size_t bytes) {
  put_record(out, type, 0x0303, [&] { out.random(random, bytes); });
}

// The client's session id; a 1.3 server sends it back.
void put_session_id(MessageWriter& out, uint64_t seed) {
  Random random(~seed);
  out.block(1, [&] { out.random(random, 32); });
}

void put_client_extensions(MessageWriter& out, const AppDialogue& dialogue, Random& random) {
  const bool tls13 = dialogue.app == App::kTls13;
  const uint16_t group_grease = grease(random);
  if (tls13) put_extension(out, grease(random), [] {});
  put_extension(out, 0, [&] {  // server_name
    out.block(2, [&] {
      out.u8(0);
      out.text_block(2, app_host_name(dialogue.host));
    });
  });
  put_extension(out, 23, [] {});                  // extended_master_secret
  put_extension(out, 0xff01, [&] { out.u8(0); });  // renegotiation_info
  put_extension(out, 10, [&] {                     // supported_groups
    out.block(2, [&] {
      if (tls13) out.u16(group_grease);
      out.u16s({0x001d, 0x0017, 0x0018});
    });
  });
  put_extension(out, 11, [&] { out.text_block(1, std::string_view("\0", 1)); });  // ec_point_formats
  put_extension(out, 35, [] {});                                                  // session_ticket
  put_extension(out, 16, [&] {                                                    // application_layer_protocol_negotiation
    out.block(2, [&] {
      out.text_block(1, "h2");
      out.text_block(1, "http/1.1");
    });
  });
  put_extension(out, 5, [&] {  // status_request
    out.u8(1);
    out.u32(0);
  });
  put_extension(out, 13, [&] {  // signature_algorithms
    out.block(2, [&] { out.u16s({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}); });
  });
  put_extension(out, 18, [] {});  // signed_certificate_timestamp
  if (!tls13) return;
  put_extension(out, 51, [&] {  // key_share
    out.block(2, [&] {
      out.u16(group_grease);
      out.text_block(2, std::string_view("\0", 1));
      out.u16(0x001d);
      out.block(2, [&] { out.random(random, 32); });
    });
  });
  put_extension(out, 45, [&] { out.text_block(1, "\1"); });  // psk_key_exchange_modes
  const uint16_t version_grease = grease(random);
  put_extension(out, 43, [&] { out.block(1, [&] { out.u16s({version_grease, 0x0304, 0x0303}); }); });  // supported_versions
  put_extension(out, 27, [&] { out.block(1, [&] { out.u16(2); }); });                                  // compress_certificate
}

void put_client_hello(MessageWriter& out, const AppDialogue& dialogue, Random& random) {
  put_handshake(out, kClientHello, 0x0301, [&] {
    out.u16(0x0303);
    out.random(random, 32);
    put_session_id(out, dialogue.seed);
    out.block(2, [&] {
      if (dialogue.app == App::kTls13) {
        out.u16(grease(random));
        out.u16s({0x1301, 0x1302, 0x1303});
      }
      out.u16s({0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035});
    });
    out.text_block(1, std::string_view("\0", 1));  // no compression
    out.block(2, [&] { put_client_extensions(out, dialogue, random); });
  });
}

void put_server_hello(MessageWriter& out, const AppDialogue& dialogue, Random& random) {
  const bool tls13 = dialogue.app == App::kTls13;
  put_handshake(out, kServerHello, 0x0303, [&] {
    out.u16(0x0303);
    out.random(random, 32);
    if (tls13) {
      put_session_id(out, dialogue.seed);
    } else {
      out.block(1, [&] { out.random(random, 32); });
    }
    out.u16(tls13 ? 0x1301 : 0xc02b);
    out.u8(0);
    out.block(2, [&] {
      if (tls13) {
        put_extension(out, 43, [&] { out.u16(0x0304); });
        put_extension(out, 51, [&] {
          out.u16(0x001d);
          out.block(2, [&] { out.random(random, 32); });
        });
        return;
      }
      put_extension(out, 0xff01, [&] { out.u8(0); });
      put_extension(out, 11, [&] { out.text_block(1, std::string_view("\0", 1)); });
      put_extension(out, 16, [&] { out.block(2, [&] { out.text_block(1, "http/1.1"); }); });
      put_extension(out, 23, [] {});
    });
  });
}

// What a server of TLS 1.2 says in clear behind its hello.
void put_server_flight(MessageWriter& out, Random& random) {
  put_handshake(out, kCertificateMessage, 0x0303, [&] {
    out.block(3, [&] { out.block(3, [&] { out.hex(kCertificate); }); });
  });
  put_handshake(out, kServerKeys, 0x0303, [&] {
    out.u8(3);  // a named curve
    out.u16(0x001d);
    out.block(1, [&] { out.random(random, 32); });
    out.u16(0x0403);
    out.block(2, [&] {  // a signature: SEQUENCE of two INTEGERs
      out.hex("304402207f");
      out.random(random, 31);
      out.hex("02207f");
      out.random(random, 31);
    });
  });
  put_handshake(out, kServerDone, 0x0303, [] {});
}

bool make_tls13_turn(const AppDialogue& dialogue, uint32_t number, Random& random, MessageWriter& out) {
  switch (number) {
    case 0: put_client_hello(out, dialogue, random); return true;
    case 1:
      put_server_hello(out, dialogue, random);
      put_change_cipher_spec(out);
      put_secret(out, kApplicationData, random, 2400 + random.below(1200));
      return true;
    case 2:
      put_change_cipher_spec(out);
      put_secret(out, kApplicationData, random, 53);
      put_secret(out, kApplicationData, random, 150 + random.below(500));
      return true;
    default: return false;
  }
}

bool make_tls12_turn(const AppDialogue& dialogue, uint32_t number, Random& random, MessageWriter& out) {
  switch (number) {
    case 0: put_client_hello(out, dialogue, random); return true;
    case 1:
      put_server_hello(out, dialogue, random);
      put_server_flight(out, random);
      return true;
    case 2:
      put_handshake(out, kClientKeys, 0x0303, [&] { out.block(1, [&] { out.random(random, 32); }); });
      [[fallthrough]];
    case 3:
      put_change_cipher_spec(out);
      put_secret(out, kHandshake, random, 40);
      return true;
    case 4: put_secret(out, kApplicationData, random, 150 + random.below(500)); return true;
    default: return false;
  }
}

}  // namespace

bool make_tls_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  turn.side = static_cast<int>(number % 2);
  Random random(dialogue.seed + number);
  MessageWriter out(turn.bytes);
  return dialogue.app == App::kTls13 ? make_tls13_turn(dialogue, number, random, out) : make_tls12_turn(dialogue, number, random, out);
}

}  // namespace weir
