#include "smtp_reader.h"

#include "tables/smtp.h"

namespace weir {
namespace {

constexpr size_t kHeadLimit = 16384;
// What parsers look at before they decide.
constexpr size_t kProbe = 64;
constexpr size_t kCode = 4;

enum class Verdict : uint8_t { kMore, kYes, kOdd };
enum class Greeting : uint8_t { kNo, kMaybe, kYes };

// Words of a greeting that only mail servers use, and how a word of others begins or is.
constexpr std::string_view kMailWords[] = {"SMTP", "ESMTP", "LMTP", "SENDMAIL", "POSTFIX", "EXIM"};
constexpr std::string_view kFtp = "FTP";
constexpr std::string_view kNntp = "NNTP";

constexpr char capital(char letter) { return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 0x20) : letter; }

// Of each byte: a letter, a digit or `_`; printable, or part of an end of line.
struct Letters {
  bool is_word[256] = {};
  bool is_text[256] = {};

  constexpr Letters() {
    for (int byte = 0; byte < 256; byte++) {
      is_word[byte] = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
      is_text[byte] = (byte >= 0x20 && byte <= 0x7e) || byte == '\r' || byte == '\n';
    }
  }
};
constexpr Letters kLetters;

bool is_word(char letter) { return kLetters.is_word[static_cast<uint8_t>(letter)]; }
bool is_host(char letter) { return is_word(letter) || letter == '.' || letter == ':' || letter == '[' || letter == ']' || letter == '-'; }

// Letters in either case; `capitals` in capitals.
bool begins(std::string_view text, std::string_view capitals) {
  if (text.size() < capitals.size()) return false;
  for (size_t i = 0; i < capitals.size(); i++) {
    if (capital(text[i]) != capitals[i]) return false;
  }
  return true;
}

// What of the first line is among the bytes that are looked at; `ended` when all of it is.
std::string_view first_line(Bytes head, bool& ended) {
  std::string_view text = head.part(0, kProbe).text();
  const size_t end = text.find('\n');
  ended = end != std::string_view::npos;
  if (ended) text = text.substr(0, end);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

bool is_text(Bytes head) {
  const Bytes start = head.part(0, kProbe);
  bool all = true;
  for (size_t i = 0; i < start.length; i++) all &= kLetters.is_text[start[i]];
  return all;
}

// Of a server that has said something; kNo also for what is not text.
Greeting greeting_of(Bytes server) {
  if (!is_text(server)) return Greeting::kNo;
  bool ended = false;
  const std::string_view text = first_line(server, ended);
  const std::string_view code = text.substr(0, 3);
  if (text.size() < kCode || (code != "220" && code != "554" && code != "421") || (text[3] != ' ' && text[3] != '-')) return Greeting::kNo;
  Greeting found = Greeting::kMaybe;
  for (size_t at = kCode; at < text.size(); at++) {
    const size_t from = at;
    while (at < text.size() && is_word(text[at])) at++;
    const std::string_view word = text.substr(from, at - from);
    if (word.size() < kFtp.size()) continue;
    if (begins(word, kFtp) || (word.size() == kNntp.size() && begins(word, kNntp))) return Greeting::kNo;
    for (const std::string_view mail : kMailWords) {
      if (word.size() == mail.size() && begins(word, mail)) found = Greeting::kYes;
    }
  }
  return found;
}

// A whole `EHLO host` of a client that nobody has greeted yet: nothing else would be enough.
bool is_opening_alone(std::string_view line) {
  size_t at = 4;
  while (at < line.size() && line[at] == ' ') at++;
  const size_t host = at;
  while (at < line.size() && is_host(line[at])) at++;
  return host > 4 && at > host && line.find_first_not_of(' ', at) == std::string_view::npos;
}

// What the parser says when it is asked at one event, as long as it is sure to be the one that takes the flow: it is asked
// first at its ports, so that a YES of its own is the only one that counts. While only the server has spoken it waits, and
// all others are asked too. None of them can say YES then: they need bytes of the client, the end of a side, or a first
// byte of the server that is no digit; those that would go on after three digits and text want what is not text behind
// them (lengths of DNS, Kerberos or SMB, the cookie of STUN, zeros of MySQL or Modbus). test/native/app/smtp-reader.test.ts
// asks all of them.
Verdict verdict_of(Bytes client, Bytes server, Greeting greeted, bool ended) {
  if (greeted == Greeting::kNo) return Verdict::kOdd;
  if (client.length == 0) {
    if (!ended) return Verdict::kMore;
    return greeted == Greeting::kYes ? Verdict::kYes : Verdict::kOdd;
  }
  bool is_line = false;
  const std::string_view text = first_line(client, is_line);
  if (begins(text, "EHLO ") || begins(text, "HELO ")) {
    return server.length > 0 || (is_line && is_opening_alone(text)) ? Verdict::kYes : Verdict::kOdd;
  }
  return is_line && text.size() == 4 && begins(text, "QUIT") && greeted == Greeting::kYes ? Verdict::kYes : Verdict::kOdd;
}

bool is_usual_port(uint16_t port) { return std::find(std::begin(kSmtpPorts), std::end(kSmtpPorts), port) != std::end(kSmtpPorts); }

// The client had ended a line before the last event.
bool has_begun_before(const FlowBytes& flow) {
  const AppEvent& last = flow.events[flow.event_count - 1];
  const Bytes client = flow.heads[kClient];
  const size_t before = last.side == kClient ? client.length - last.length : client.length;
  return before > 0 && std::memchr(client.data, '\n', before) != nullptr;
}

}  // namespace

Reading SmtpReader::read(const FlowBytes& flow, Found& found) {
  const Bytes client = flow.heads[kClient];
  const Bytes server = flow.heads[kServer];
  if (client.length >= kHeadLimit || server.length >= kHeadLimit || !is_usual_port(flow.server_port)) return Reading::kOdd;
  // The events with which it began were asked about when they came: none of them is passed over by what is needed.
  if (!flow.ended && has_begun_before(flow) && SmtpDialogue::is_before_message(client, found.need)) return Reading::kMore;
  dialogue_.clear();
  size_t lengths[2] = {0, 0};
  size_t greeting_length = 0;
  Greeting greeting = Greeting::kMaybe;
  Verdict verdict = Verdict::kMore;
  for (size_t i = 0; i < flow.event_count && !dialogue_.finished(); i++) {
    lengths[flow.events[i].side] += flow.events[i].length;
    const Bytes parts[2] = {client.part(0, lengths[kClient]), server.part(0, lengths[kServer])};
    if (verdict == Verdict::kMore) {
      if (lengths[kServer] != greeting_length) greeting = greeting_of(parts[kServer]);
      greeting_length = lengths[kServer];
      verdict = verdict_of(parts[kClient], parts[kServer], greeting, false);
    }
    if (verdict == Verdict::kOdd) return Reading::kOdd;
    if (verdict == Verdict::kYes && !dialogue_.advance(parts[kClient], parts[kServer], false)) return Reading::kOdd;
  }
  if (!dialogue_.finished() && !flow.ended) {
    found.need[kClient] = client.length + 1;
    found.need[kServer] = server.length + 1;
    if (verdict == Verdict::kYes) dialogue_.tell_need(client, server, found.need);
    return Reading::kMore;
  }
  if (!dialogue_.finished()) {
    if (verdict == Verdict::kMore) verdict = verdict_of(client, server, greeting, true);
    if (verdict != Verdict::kYes || !dialogue_.advance(client, server, true)) return Reading::kOdd;
  }
  dialogue_.tell(found);
  return Reading::kDone;
}

}  // namespace weir
