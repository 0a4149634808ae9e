#include "../../../native/app/smtp_reader.h"

#include "../decode/check.h"
#include "exact_flow.h"

namespace weir {
namespace {

std::vector<Message> dialogue() {
  return {{kServer, "220-mx.example.com ESMTP Sendmail\r\n220 hello\r\n"},
          {kClient, "EHLO client.example.net\r\n"},
          {kServer, "250-mx.example.com\r\n250-SIZE 1000\r\n250 HELP\r\n"},
          {kClient, "MAIL FROM:<a@example.net>\r\nRCPT TO: b\r\nDATA\r\n"},
          {kServer, "250 ok\r\n550 5.1.1 \"who\"\r\n"},
          {kServer, "503 no\r\n"},
          {kClient, "RCPT TO:<c@example.com>\r\nBDAT 5\r\n"},
          {kServer, "250 ok\r\n250 done\r\n"}};
}

TEST(smtp_plain) {
  SmtpReader reader;
  Found found;
  for (const size_t segment : {size_t{1460}, size_t{30}, size_t{5}}) {
    ExactFlow flow(dialogue(), 25, segment);
    CHECK(read_through(reader, flow, found) == Reading::kDone);
    CHECK(found.confirmed);
    CHECK(found.host == "mx.example.com");
    CHECK(found.body.find("\"capabilities\":[\"SIZE 1000\",\"HELP\"],") != std::string::npos);
    CHECK(found.body.find("\"to\":[\"b\",\"c@example.com\"]") != std::string::npos);
    CHECK(found.body.find("\"error\":\"550 5.1.1 \\\"who\\\"\"") != std::string::npos);
  }
}

TEST(smtp_damaged) {
  SmtpReader reader;
  Found found;
  Random random(3);
  int counts[3] = {0, 0, 0};
  for (int round = 0; round < 8000; round++) {
    ExactFlow flow(damaged(dialogue(), random), 25, 5 + random.below(100));
    counts[static_cast<size_t>(read_through(reader, flow, found))]++;
  }
  EQ(counts[0], 0);
  CHECK(counts[1] > 1000);
  CHECK(counts[2] > 1000);
}

TEST(smtp_random) {
  constexpr std::string_view kParts[] = {"220 a ESMTP\r\n", "EHLO a\r\n", "EHLO ", "250-", "250 ", "\n", "\r", " ", "<", ">", "DATA\n",
                                           "MAIL FROM:", "RCPT TO:<", "354\n", "TO:", "[a.", "b", "BDAT\n", "x", "."};
  SmtpReader reader;
  Found found;
  Random random(5);
  for (int round = 0; round < 6000; round++) {
    std::vector<Message> sent = {{kServer, "220 x.y ESMTP"}, {kServer, "\n"}, {kClient, "EHLO "}};
    if (random.below(4) == 0) sent.clear();
    for (uint32_t messages = 1 + random.below(8); messages > 0; messages--) {
      std::string text;
      for (uint32_t parts = random.below(12); parts > 0; parts--) text += kParts[random.below(std::size(kParts))];
      sent.push_back({random.below(2), text});
    }
    ExactFlow flow(sent, 25, 1 + random.below(40));
    CHECK(read_through(reader, flow, found) != Reading::kMore);
  }
}

}  // namespace
}  // namespace weir
