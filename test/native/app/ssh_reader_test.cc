#include "../../../native/app/ssh_reader.h"

#include "../decode/check.h"
#include "exact_flow.h"

namespace weir {
namespace {

std::string be32(size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 255);
  return out;
}

std::string kex_init(const std::vector<std::string>& lists) {
  std::string payload = "\x14" + std::string(16, 'c');
  for (const std::string& list : lists) payload += be32(list.size()) + list;
  payload += std::string(5, '\0');
  return be32(payload.size() + 5) + '\x04' + payload + std::string(4, 'p');
}

std::vector<Message> connection() {
  const std::vector<std::string> client = {"curve25519-sha256,ext-info-c", "ssh-ed25519,rsa-sha2-512", "aes128-ctr,3des-cbc",
                                           "aes128-ctr", "hmac-sha1", "hmac-sha1", "none", "none", "", ""};
  const std::vector<std::string> server = {"curve25519-sha256", "rsa-sha2-512", "aes128-ctr",
                                           "aes128-ctr,arcfour", "hmac-sha2-256", "hmac-sha1", "", "zlib", "", ""};
  return {{kServer, "SSH-2.0-OpenSSH_6.6\r\n"}, {kClient, "SSH-2.0-dropbear_2022.83\n"}, {kClient, kex_init(client)}, {kServer, kex_init(server)}};
}

TEST(ssh_plain) {
  SshReader reader;
  Found found;
  for (const size_t segment : {size_t{1460}, size_t{40}, size_t{8}}) {
    ExactFlow flow(connection(), 22, segment);
    CHECK(read_through(reader, flow, found) == Reading::kDone);
    CHECK(found.confirmed);
    CHECK(found.body.find("\"kex\":\"curve25519-sha256\","
                          "\"host_key\":\"rsa-sha2-512\",\"cipher\":\"aes128-ctr\",\"mac\":null,") != std::string::npos);
  }
}

TEST(ssh_damaged) {
  SshReader reader;
  Found found;
  Random random(7);
  int counts[3] = {0, 0, 0};
  for (int round = 0; round < 6000; round++) {
    ExactFlow flow(damaged(connection(), random), 22, 8 + random.below(200));
    counts[static_cast<size_t>(read_through(reader, flow, found))]++;
  }
  EQ(counts[0], 0);
  CHECK(counts[1] > 1000);
  CHECK(counts[2] > 1000);
}

TEST(ssh_random) {
  SshReader reader;
  Found found;
  Random random(9);
  for (int round = 0; round < 3000; round++) {
    std::vector<Message> sent = {{kServer, "SSH-2.0-x\n"}, {kClient, "SSH-2.0-y\n"}};
    std::string noise;
    for (uint32_t left = random.below(300); left > 0; left--) noise += static_cast<char>(random.below(random.below(2) == 0 ? 256 : 8));
    sent[random.below(2)].bytes += be32(random.below(400)) + '\x04' + "\x14" + noise;
    ExactFlow flow(sent, 22, 8 + random.below(100));
    CHECK(read_through(reader, flow, found) != Reading::kMore);
  }
}

}  // namespace
}  // namespace weir
