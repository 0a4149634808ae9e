// The dialogues of lines: one HTTP/1.1 request with its response (RFC 9112), one mail (RFC 5321).
#include <array>

#include "../base/random.h"
#include "app_payloads.h"
#include "message_writer.h"

namespace weir {

bool make_http_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  if (number > 1) return false;
  turn.side = static_cast<int>(number);
  MessageWriter out(turn.bytes);
  if (number == 1) {
    out.text("HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Type: image/webp\r\nContent-Length: ");
    out.text(std::to_string(dialogue.body) + "\r\nConnection: keep-alive\r\nCache-Control: max-age=86400\r\nAccept-Ranges: bytes\r\n\r\n");
    return true;
  }
  Random random(dialogue.seed);
  out.text("GET /media/" + std::to_string(random.below(1'000'000)) + ".webp HTTP/1.1\r\nHost: " + app_host_name(dialogue.host) + "\r\n");
  out.text(
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:119.0) Gecko/20100101 Firefox/119.0\r\n"
      "Accept: image/avif,image/webp,*/*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n"
      "Connection: keep-alive\r\n\r\n");
  return true;
}

bool make_smtp_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  const std::string host = app_host_name(dialogue.host);
  const std::string user = "user" + std::to_string(dialogue.seed % 1000);
  const std::array<std::string, 10> lines = {
      "220 " + host + " ESMTP Postfix\r\n",
      "EHLO relay.sender.example\r\n",
      "250-" + host + "\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
      "MAIL FROM:<" + user + "@sender.example>\r\n",
      "250 2.1.0 Ok\r\n",
      "RCPT TO:<" + user + "@receiver.example>\r\n",
      "250 2.1.5 Ok\r\n",
      "DATA\r\n",
      "354 End data with <CR><LF>.<CR><LF>\r\n",
      "From: <" + user + "@sender.example>\r\nTo: <" + user + "@receiver.example>\r\nSubject: report\r\n"
      "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"};
  if (number >= lines.size()) return false;
  turn.side = number % 2 == 0 ? 1 : 0;  // the server speaks first
  MessageWriter(turn.bytes).text(lines[number]);
  return true;
}

}  // namespace weir
