// The reader of QUIC over bytes of an exact length: packets of RFC 9001 and RFC 9369, and such as are protected here.
#include "../../../native/app/quic_reader.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../../native/app/note_text.h"
#include "../decode/check.h"

namespace {

using namespace weir;

using Octets = std::vector<uint8_t>;

Octets octets(const std::string& hex) {
  Octets out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

std::string hex(const uint8_t* bytes, size_t length) {
  std::string out;
  put_hex(out, Bytes{bytes, length});
  return out;
}

Bytes view(const Octets& bytes) { return {bytes.data(), bytes.size()}; }

void append(Octets& to, const Octets& more) { to.insert(to.end(), more.begin(), more.end()); }

const Octets kClientId = octets("8394c8f03e515708");
const Octets kServerId = octets("f067a5502a4262b5");

// RFC 9001 appendix A.3.
const char* const kServerInitial =
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec249"
    "3a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d"
    "20398c276456cbc42158407dd074ee";

// Protects a packet of version 1 as RFC 9001 section 5 says, with a packet number of 2 bytes.
Octets protected_packet(bool is_server, const Octets& frames) {
  const Libcrypto& crypto = libcrypto();
  const auto encrypt_final = reinterpret_cast<int (*)(EvpCipherContext*, uint8_t*, int*)>(crypto_function("EVP_EncryptFinal_ex"));
  const QuicCrypto quic;
  const QuicSecret secret = quic.secret_of(kQuicVersions[0], view(kClientId));
  const QuicKeys keys = is_server ? quic.server_keys(kQuicVersions[0], secret) : quic.client_keys(kQuicVersions[0], secret);
  Octets packet = octets("c100000001");
  const Octets& destination = is_server ? kServerId : kClientId;
  packet.push_back(8);
  append(packet, destination);
  packet.push_back(0);
  packet.push_back(0);
  const size_t length = 2 + frames.size() + 16;
  packet.push_back(static_cast<uint8_t>(0x40 | length >> 8));
  packet.push_back(static_cast<uint8_t>(length));
  const size_t number_at = packet.size();
  append(packet, {0, 1});
  const size_t body_at = packet.size();
  packet.resize(body_at + frames.size() + 16);
  uint8_t nonce[12];
  std::copy(keys.iv, keys.iv + 12, nonce);
  nonce[11] ^= 1;
  EvpCipherContext* const context = crypto.cipher_context_new();
  int written = 0;
  crypto.encrypt_init(context, crypto.aes_128_gcm, nullptr, keys.key, nonce);
  crypto.encrypt_update(context, nullptr, &written, packet.data(), static_cast<int>(body_at));
  if (!frames.empty()) crypto.encrypt_update(context, packet.data() + body_at, &written, frames.data(), static_cast<int>(frames.size()));
  uint8_t rest[16];
  encrypt_final(context, rest, &written);
  crypto.cipher_control(context, 0x10, 16, packet.data() + body_at + frames.size());
  uint8_t mask[16];
  crypto.encrypt_init(context, crypto.aes_128_ecb, nullptr, keys.hp, nullptr);
  crypto.cipher_set_padding(context, 0);
  crypto.encrypt_update(context, mask, &written, packet.data() + number_at + 4, 16);
  crypto.cipher_context_free(context);
  packet[0] ^= mask[0] & 0x0f;
  for (size_t i = 0; i < 2; i++) packet[number_at + i] ^= mask[1 + i];
  return packet;
}

Octets crypto_frame(size_t offset, const Octets& piece) {
  Octets out = {6, static_cast<uint8_t>(0x40 | offset >> 8), static_cast<uint8_t>(offset), static_cast<uint8_t>(0x40 | piece.size() >> 8),
                static_cast<uint8_t>(piece.size())};
  append(out, piece);
  return out;
}

Octets message(uint8_t type, const Octets& body) {
  Octets out = {type, 0, static_cast<uint8_t>(body.size() >> 8), static_cast<uint8_t>(body.size())};
  append(out, body);
  return out;
}

// TLS 1.3 with a name, h3 and a user agent among the parameters.
Octets client_hello() {
  Octets body = octets("0303");
  body.resize(2 + 32, 0x5a);
  append(body, octets("000002130101000029"));
  append(body, octets("0000000e000c0000096c6f63616c686f7374"));
  append(body, octets("0010000500030268330039000a0102ffff71290343757200"));
  return message(1, body);
}

Octets server_hello() {
  Octets body = octets("0303");
  body.resize(2 + 32, 0xa5);
  append(body, octets("001301000006002b00020304"));
  return message(2, body);
}

Octets padded(Octets frames, size_t length) {
  if (frames.size() < length) frames.resize(length);
  return frames;
}

struct Sent {
  size_t side;
  Octets bytes;
};

// The flow in memory of its exact length.
Reading read(QuicReader& reader, const std::vector<Sent>& sent, bool ended, Found& found) {
  std::vector<AppEvent> events;
  size_t length = 0;
  for (const Sent& one : sent) {
    events.push_back({0, 0, static_cast<uint16_t>(one.bytes.size()), static_cast<uint16_t>(one.side)});
    length += one.bytes.size();
  }
  const std::unique_ptr<uint8_t[]> memory(new uint8_t[length]);
  size_t at = 0;
  for (const Sent& one : sent) {
    std::copy(one.bytes.begin(), one.bytes.end(), memory.get() + at);
    at += one.bytes.size();
  }
  FlowBytes flow;
  flow.events = events.data();
  flow.event_count = events.size();
  flow.datagrams = {memory.get(), length};
  flow.client_port = 50000;
  flow.server_port = 443;
  flow.ended = ended;
  found.clear();
  return reader.read(flow, found);
}

// After every datagram, and at the end.
Reading read_all(QuicReader& reader, const std::vector<Sent>& sent, Found& found) {
  std::vector<Sent> part;
  for (const Sent& one : sent) {
    part.push_back(one);
    const Reading reading = read(reader, part, false, found);
    if (reading != Reading::kMore) return reading;
  }
  return read(reader, part, true, found);
}

void change(Octets& bytes, std::mt19937& random) {
  if (bytes.empty()) return;
  const size_t at = random() % bytes.size();
  switch (random() % 4) {
    case 0: bytes.resize(at); break;
    case 1: bytes.insert(bytes.begin() + static_cast<long>(at), static_cast<uint8_t>(random())); break;
    default: bytes[at] = static_cast<uint8_t>(random()); break;
  }
}

}  // namespace

TEST(keys_of_version_1) {
  const QuicCrypto crypto;
  CHECK(crypto.usable());
  const QuicSecret secret = crypto.secret_of(*quic_version(1), view(kClientId));
  const QuicKeys client = crypto.client_keys(*quic_version(1), secret);
  const QuicKeys server = crypto.server_keys(*quic_version(1), secret);
  CHECK(hex(client.key, 16) == "1f369613dd76d5467730efcbe3b1a22d");
  CHECK(hex(client.iv, 12) == "fa044b2f42a3fd3b46fb255c");
  CHECK(hex(client.hp, 16) == "9f50449e04a0e810283a1e9933adedd2");
  CHECK(hex(server.key, 16) == "cf3a5331653c364c88f0f379b6067e37");
  CHECK(hex(server.iv, 12) == "0ac1493ca1905853b0bba03e");
  CHECK(hex(server.hp, 16) == "c206b8d9b9f0f37644430b490eeaa314");
}

TEST(keys_of_version_2) {
  const QuicCrypto crypto;
  const QuicVersion& version = *quic_version(0x6b3343cf);
  const QuicKeys client = crypto.client_keys(version, crypto.secret_of(version, view(kClientId)));
  CHECK(hex(client.key, 16) == "8b1a0bc121284290a29e0971b5cd045d");
  CHECK(hex(client.iv, 12) == "91f73e2351d8fa91660e909f");
  CHECK(hex(client.hp, 16) == "45b95e15235d6f45a6b19cbcb0294ba9");
}

TEST(opens_the_answer_of_the_specification) {
  QuicCrypto crypto;
  const QuicVersion& version = *quic_version(1);
  const QuicKeys keys = crypto.server_keys(version, crypto.secret_of(version, view(kClientId)));
  Octets datagram = octets(kServerInitial);
  LongPackets packets;
  read_long_packets(view(datagram), version, packets);
  EQ(packets.count, 1);
  CHECK(crypto.open(view(datagram), packets.list[0], keys));
  EQ(crypto.payload().length, 99);
  CryptoStream stream;
  CHECK(read_crypto_frames(crypto.payload(), stream));
  EQ(stream.start().length, 90);
  datagram.back() ^= 1;
  CHECK(!crypto.open(view(datagram), packets.list[0], keys));
}

TEST(numbers_of_any_length) {
  const struct {
    const char* bytes;
    uint64_t value;
  } cases[] = {{"25", 37}, {"7bbd", 15293}, {"9d7f3e7d", 494878333}, {"c2197c5eff14e88c", 151288809941952652}};
  for (const auto& one : cases) {
    const Octets bytes = octets(one.bytes);
    Cursor cursor(view(bytes));
    CHECK(read_varint(cursor) == one.value);
    CHECK(!cursor.overrun());
    Cursor cut(view(bytes).part(0, bytes.size() - 1));
    read_varint(cut);
    CHECK(cut.overrun());
  }
}

TEST(a_stream_in_any_order) {
  std::mt19937 random(5);
  Octets whole(2000);
  for (uint8_t& byte : whole) byte = static_cast<uint8_t>(random());
  for (int run = 0; run < 200; run++) {
    std::vector<std::pair<size_t, size_t>> pieces;
    const size_t step = 90 + random() % 500;
    const size_t overlap = random() % 20;
    // Without an overlap the last byte of each step comes alone, so that there are holes of one byte.
    for (size_t at = 0; at < whole.size(); at += step) {
      const size_t end = std::min(whole.size(), at + step);
      pieces.push_back({at, overlap > 0 ? std::min(whole.size(), end + overlap) : end - 1});
      if (overlap == 0) pieces.push_back({end - 1, end});
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    CryptoStream stream;
    Octets have(whole.size());
    for (const auto& [from, to] : pieces) {
      CHECK(stream.write(from, view(whole).part(from, to - from)));
      std::fill(have.begin() + static_cast<long>(from), have.begin() + static_cast<long>(to), 1);
      EQ(stream.start().length, std::find(have.begin(), have.end(), 0) - have.begin());
    }
    CHECK(stream.start() == view(whole));
  }
  CryptoStream stream;
  CHECK(stream.write(CryptoStream::kLongest - 1, view(whole).part(0, 1)));
  CHECK(!stream.write(CryptoStream::kLongest, view(whole).part(0, 1)));
  CHECK(!stream.write(UINT64_MAX, view(whole).part(0, 1)));
  size_t holes = 0;
  while (stream.write(2 + 2 * holes, view(whole).part(0, 1))) holes++;
  CHECK(holes > 30 && holes < 100);
}

TEST(a_whole_flow) {
  QuicReader reader;
  Found found;
  const Octets hello = client_hello();
  const std::vector<Sent> flow = {{kClient, protected_packet(false, padded(crypto_frame(0, hello), 1100))},
                                  {kServer, protected_packet(true, crypto_frame(0, server_hello()))}};
  for (int run = 0; run < 3; run++) {
    EQ(read_all(reader, flow, found), Reading::kDone);
    CHECK(found.confirmed && found.said_first && found.host == "localhost" && found.host_source == HostSource::kQuicSni);
    CHECK(found.body.find("\"alpn\":[\"h3\"],\"user_agent\":\"Cur\"") != std::string::npos);
    CHECK(found.body.find("\"dcid\":\"8394c8f03e515708\",\"scid\":\"\"") != std::string::npos);
    CHECK(found.body.find("\"ja3s\":\"") != std::string::npos);
    EQ(read(reader, {flow[0]}, false, found), Reading::kMore);
    EQ(read(reader, {flow[1]}, false, found), Reading::kOdd);
  }
}

TEST(the_beginning_of_another_flow) {
  QuicReader reader;
  Found found;
  const Octets hello = client_hello();
  const Sent half = {kClient, protected_packet(false, crypto_frame(0, Octets(hello.begin(), hello.begin() + 40)))};
  const Sent nothing = {kServer, {}};
  for (const std::vector<Sent>& flow : {std::vector<Sent>{half, nothing, nothing}, {half}, {half, nothing}, {half, half}, {half}}) {
    EQ(read(reader, flow, false, found), Reading::kMore);
    EQ(read(reader, flow, true, found), Reading::kDone);
    CHECK(found.body.find("\"sni\":null") != std::string::npos);
  }
}

TEST(packets_that_are_tried_are_counted_from_the_first_datagram_on) {
  const Octets hello = client_hello();
  const Octets half(hello.begin(), hello.begin() + 40);
  Octets damaged = protected_packet(false, padded({}, 40));
  damaged.back() ^= 1;
  Octets four;
  for (int i = 0; i < 4; i++) append(four, damaged);
  std::vector<Sent> sent = {{kClient, protected_packet(false, crypto_frame(0, half))}};
  QuicReader asked_often;
  Found found;
  Found other;
  for (size_t tried = 1; tried <= 29; tried += 4) {
    const Reading expected = tried <= 24 ? Reading::kMore : Reading::kOdd;
    QuicReader fresh;
    CHECK(read(asked_often, sent, false, found) == expected);
    CHECK(read(fresh, sent, false, other) == expected);
    sent.push_back({kClient, four});
  }
}

TEST(ids_of_any_length) {
  QuicReader reader;
  Found found;
  for (size_t length = 0; length < 256; length++) {
    Octets packet = octets("c100000001");
    packet.push_back(static_cast<uint8_t>(length));
    packet.resize(packet.size() + length, 7);
    append(packet, octets("00004080"));
    packet.resize(packet.size() + 128, 9);
    EQ(read(reader, {{kClient, packet}}, false, found), Reading::kOdd);
  }
}

TEST(any_frames) {
  QuicReader reader;
  Found found;
  std::mt19937 random(11);
  const Octets hello = client_hello();
  const Octets answer = server_hello();
  size_t done = 0;
  for (int run = 0; run < 3000; run++) {
    const size_t cut = random() % hello.size();
    Octets frames = crypto_frame(cut, Octets(hello.begin() + static_cast<long>(cut), hello.end()));
    append(frames, {2, 0, 0, 1, 0, 0, 1});
    append(frames, crypto_frame(0, Octets(hello.begin(), hello.begin() + static_cast<long>(cut))));
    Octets back = crypto_frame(0, answer);
    for (size_t left = random() % 4; left > 0; left--) change(random() % 2 == 0 ? frames : back, random);
    const std::vector<Sent> flow = {{kClient, protected_packet(false, frames)}, {kServer, protected_packet(true, back)}};
    if (read_all(reader, flow, found) == Reading::kDone) done++;
  }
  CHECK(done > 500 && done < 3000);
}

TEST(any_bytes) {
  QuicReader reader;
  Found found;
  std::mt19937 random(12);
  const Octets hello = protected_packet(false, padded(crypto_frame(0, client_hello()), 300));
  const Octets answer = protected_packet(true, crypto_frame(0, server_hello()));
  size_t done = 0;
  for (int run = 0; run < 5000; run++) {
    std::vector<Sent> flow = {{kClient, hello}, {kServer, answer}, {kClient, hello}};
    for (size_t left = 1 + random() % 4; left > 0; left--) change(flow[random() % flow.size()].bytes, random);
    if (random() % 8 == 0) {
      Octets noise(random() % 80);
      for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
      flow.insert(flow.begin() + static_cast<long>(random() % 3), {random() % 2, noise});
    }
    if (read_all(reader, flow, found) == Reading::kDone) done++;
  }
  CHECK(done > 300 && done < 4500);
}
