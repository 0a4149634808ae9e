#include "smtp_dialogue.h"

#include "note_text.h"

namespace weir {
namespace {

constexpr size_t kHeadLimit = 16384;
constexpr size_t kLongestLine = 8192;
// The parser stops at so many commands without a reply.
constexpr size_t kMostPending = 256;
constexpr size_t kLongestText = 256;
constexpr size_t kLongestCapability = 64;
constexpr size_t kShortestDeciding = 5;  // DATA or BDAT, and the end of the line
constexpr uint32_t kOk = 250;
constexpr uint32_t kReady = 220;
constexpr uint32_t kGoOn = 354;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_letter(char letter) { return (letter | 0x20) >= 'a' && (letter | 0x20) <= 'z'; }
bool is_label(char letter) { return is_letter(letter) || is_digit(letter) || letter == '_' || letter == '-'; }

// Letters in either case; `capitals` in capitals.
bool is_same(std::string_view text, std::string_view capitals) {
  if (text.size() != capitals.size()) return false;
  for (size_t i = 0; i < text.size(); i++) {
    const char letter = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 0x20) : text[i];
    if (letter != capitals[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(' ');
  return from == std::string_view::npos ? std::string_view{} : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

// What is between `<` and `>`; without them the word after `FROM:` or `TO:`.
std::string_view address_of(std::string_view argument) {
  for (size_t open = argument.find('<'); open != std::string_view::npos;) {
    const size_t next = argument.find_first_of("<>", open + 1);
    if (next == std::string_view::npos) break;
    if (argument[next] == '>') return argument.substr(open + 1, next - open - 1);
    open = next;
  }
  const size_t colon = argument.find(':');
  const std::string_view direction = argument.substr(0, colon);
  if (colon == std::string_view::npos || (!is_same(direction, "FROM") && !is_same(direction, "TO"))) return {};
  const size_t from = argument.find_first_not_of(' ', colon + 1);
  if (from == std::string_view::npos) return {};
  return argument.substr(from, argument.find(' ', from) - from);
}

// Labels with points between them, one of them with a letter, with which a greeting begins; empty when it does not.
std::string_view host_of(std::string_view text) {
  constexpr size_t kLongestLabel = 63;
  constexpr size_t kMostPoints = 16;
  size_t at = !text.empty() && text[0] == '[' ? 1 : 0;
  const auto label = [&](size_t from) {
    size_t end = from;
    while (end < text.size() && end - from < kLongestLabel && is_label(text[end])) end++;
    return end;
  };
  const size_t first = label(at);
  if (first == at) return {};
  at = first;
  size_t points = 0;
  for (; points < kMostPoints && at < text.size() && text[at] == '.'; points++) {
    const size_t end = label(at + 1);
    if (end == at + 1) break;
    at = end;
  }
  const std::string_view name = text.substr(0, at);
  return points > 0 && std::any_of(name.begin(), name.end(), is_letter) ? name : std::string_view{};
}

// Three digits from 100 to 599; 0 for others.
uint32_t code_of(std::string_view line) {
  if (line.size() < 3 || line[0] < '1' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  return static_cast<uint32_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

template <size_t Count>
void put_list(std::string& out, const std::string_view (&list)[Count], size_t count) {
  out += '[';
  for (size_t i = 0; i < count; i++) {
    if (i > 0) out += ',';
    put_json(out, list[i]);
  }
  out += ']';
}

}  // namespace

void SmtpDialogue::clear() {
  client_ = server_ = Lines();
  reply_.code = 0;
  reply_.lines = 0;
  pending_.clear();
  first_pending_ = 0;
  greeted_ = confirmed_ = waiting_ = finished_ = is_chunk_ = false;
  member_count_ = recipient_count_ = capability_count_ = 0;
  host_ = {};
}

bool SmtpDialogue::Lines::next(Bytes head, Bytes& line) {
  const size_t from = std::max(scanned, at);
  const void* const found = from < head.length ? std::memchr(head.data + from, '\n', head.length - from) : nullptr;
  if (found == nullptr) {
    scanned = head.length;
    return false;
  }
  const size_t end = static_cast<size_t>(static_cast<const uint8_t*>(found) - head.data);
  const size_t last = end > at && head[end - 1] == '\r' ? end - 1 : end;
  line = head.part(at, last - at);
  scanned = end;
  at = end + 1;
  return true;
}

bool SmtpDialogue::advance(Bytes client, Bytes server, bool ended) {
  for (;;) {
    const Step asked = read_commands(client);
    if (asked == Step::kOdd) return false;
    const Step answered = read_replies(client, server, ended);
    if (answered == Step::kOdd) return false;
    if (finished_) return true;
    if (asked == Step::kSome || answered == Step::kSome) continue;
    if (!waiting_ || !ended) break;
    // The reply will not be seen: what the client sends next shows what it was, and TLS is for the parser.
    const Bytes next = client.part(client_.at);
    if (next.length > 2 && next[0] == 0x16 && next[1] == 3) return false;
    waiting_ = false;
  }
  return client.length - client_.at <= kLongestLine && server.length - server_.at <= kLongestLine;
}

SmtpDialogue::Step SmtpDialogue::read_commands(Bytes client) {
  Step step = Step::kNothing;
  Bytes line;
  while (!waiting_ && !finished_ && client_.next(client, line)) {
    if (!is_plain_text(line) || pending_.size() - first_pending_ >= kMostPending) return Step::kOdd;
    step = Step::kSome;
    const std::string_view text = line.text();
    const size_t space = std::min(text.find(' '), text.size());
    const Word word = word_of(text.substr(0, space));
    pending_.push_back(word);
    if (!on_command(word, text.substr(std::min(space + 1, text.size()), kLongestText))) return Step::kOdd;
  }
  return step;
}

SmtpDialogue::Step SmtpDialogue::read_replies(Bytes client, Bytes server, bool ended) {
  Step step = Step::kNothing;
  while (!greeted_ || has_pending() || ended || client.length == 0) {
    const Step reply = read_reply(server);
    if (reply == Step::kNothing) break;
    if (reply == Step::kOdd) return Step::kOdd;
    step = Step::kSome;
    if (!greeted_) {
      greeted_ = true;
      on_greeting();
      // Preliminary replies (1xx) announce another one to the same command.
    } else if (reply_.code >= 200) {
      waiting_ = false;
      if (has_pending() && !on_reply(pending_[first_pending_++])) return Step::kOdd;
    }
    reply_.code = 0;
    reply_.lines = 0;
  }
  return step;
}

SmtpDialogue::Step SmtpDialogue::read_reply(Bytes server) {
  Bytes line;
  while (server_.next(server, line)) {
    if (!is_plain_text(line)) return Step::kOdd;
    const std::string_view text = line.text();
    const uint32_t code = code_of(text);
    const char mark = text.size() > 3 ? text[3] : ' ';
    const bool opens = code != 0 && (mark == ' ' || mark == '-');
    if (reply_.code == 0 && !opens) {
      if (text.empty()) continue;
      return Step::kOdd;
    }
    const bool is_last = opens && mark == ' ' && (reply_.code == 0 || code == reply_.code);
    if (reply_.code == 0) reply_.code = code;
    if (reply_.lines <= kMostCapabilities) reply_.texts[reply_.lines++] = text.substr(opens ? std::min<size_t>(4, text.size()) : 0, kLongestText);
    if (is_last) return Step::kSome;
  }
  return Step::kNothing;
}

SmtpDialogue::Word SmtpDialogue::word_of(std::string_view word) {
  if (word.size() == 4) {
    // Capitals of letters; no other byte becomes one of these.
    const auto code = [](const char* text) {
      uint32_t letters = 0;
      std::memcpy(&letters, text, sizeof(letters));
      return letters & 0xdfdfdfdfu;
    };
    const uint32_t letters = code(word.data());
    if (letters == code("MAIL")) return Word::kMail;
    if (letters == code("RCPT")) return Word::kRcpt;
    if (letters == code("DATA")) return Word::kData;
    if (letters == code("BDAT")) return Word::kBdat;
    if (letters == code("EHLO") || letters == code("LHLO")) return Word::kEhlo;
    if (letters == code("HELO")) return Word::kHelo;
    if (letters == code("AUTH")) return Word::kAuth;
    return Word::kOther;
  }
  return is_same(word, "STARTTLS") || is_same(word, "X-ANONYMOUSTLS") ? Word::kTls : Word::kOther;
}

bool SmtpDialogue::on_command(Word word, std::string_view argument) {
  switch (word) {
    case Word::kEhlo:
    case Word::kHelo: {
      const std::string_view name = trimmed(argument);
      if (!name.empty() && sets(Member::kHelo)) helo_ = name;
      confirmed_ = true;
      return true;
    }
    case Word::kMail:
      if (sets(Member::kFrom)) from_ = address_of(argument);
      return true;
    case Word::kRcpt:
      sets(Member::kTo);
      if (recipient_count_ < kMostRecipients) recipients_[recipient_count_++] = address_of(argument);
      return true;
    case Word::kAuth: return false;
    case Word::kTls: waiting_ = true; return true;
    case Word::kData:
    case Word::kBdat:
      // The message follows; everything of use has been said when it was accepted.
      is_chunk_ = word == Word::kBdat;
      waiting_ = true;
      return true;
    default: return true;
  }
}

void SmtpDialogue::on_greeting() {
  sets(Member::kBanner);
  banner_ = reply_.texts[0];
  host_ = host_of(banner_);
}

bool SmtpDialogue::on_reply(Word word) {
  confirmed_ = true;
  if (word == Word::kEhlo && reply_.code == kOk) {
    sets(Member::kCapabilities);
    capability_count_ = reply_.lines - 1;
    for (size_t i = 0; i < capability_count_; i++) capabilities_[i] = reply_.texts[i + 1].substr(0, kLongestCapability);
  }
  // TLS takes over.
  if (word == Word::kTls && reply_.code == kReady) return false;
  if (reply_.code >= 400 && sets(Member::kError)) {
    error_code_ = reply_.code;
    error_ = reply_.texts[0];
  }
  if (word == Word::kData || word == Word::kBdat) finished_ = is_chunk_ || reply_.code == kGoOn;
  return true;
}

// True when it was not set before.
bool SmtpDialogue::sets(Member member) {
  for (size_t i = 0; i < member_count_; i++) {
    if (members_[i] == member) return false;
  }
  members_[member_count_++] = member;
  return true;
}

bool SmtpDialogue::decides(Word word) { return word == Word::kData || word == Word::kBdat || word == Word::kTls; }

// The parser is done with the reply to DATA or BDAT, and hands over with one to STARTTLS: while none of them waits for its
// reply, the client must send one before. Until it is confirmed it may also give up, whichever side goes on.
void SmtpDialogue::tell_need(Bytes client, Bytes server, size_t (&need)[2]) const {
  const bool is_deciding = std::any_of(pending_.begin() + static_cast<std::ptrdiff_t>(first_pending_), pending_.end(), decides);
  need[kClient] = is_deciding ? kHeadLimit : std::max(client.length + 1, client_.at + kShortestDeciding);
  need[kServer] = is_deciding || !confirmed_ ? server.length + 1 : kHeadLimit;
}

bool SmtpDialogue::is_before_message(Bytes client, size_t (&need)[2]) {
  Bytes line;
  Lines commands;
  for (size_t count = 0; commands.next(client, line); count++) {
    const std::string_view text = line.text();
    const Word word = word_of(text.substr(0, text.find(' ')));
    const bool opens = word == Word::kEhlo || word == Word::kHelo;
    if ((count == 0 && !opens) || count == kMostPending || decides(word) || word == Word::kAuth || !is_plain_text(line)) return false;
  }
  if (commands.at == 0 || client.length - commands.at > kLongestLine) return false;
  need[kClient] = std::max(client.length + 1, commands.at + kShortestDeciding);
  need[kServer] = kHeadLimit;
  return true;
}

void SmtpDialogue::tell(Found& found) const {
  found.confirmed = confirmed_;
  found.host.assign(host_);
  for (char& letter : found.host) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 0x20);
  }
  if (!found.host.empty()) found.host_source = HostSource::kProtocol;
  found.body += "\"app_details\":{\"smtp\":{";
  for (size_t i = 0; i < member_count_; i++) {
    if (i > 0) found.body += ',';
    put(found.body, members_[i]);
  }
  found.body += "}}";
}

void SmtpDialogue::put(std::string& out, Member member) const {
  switch (member) {
    case Member::kHelo: return put_json(out += "\"helo\":", helo_);
    case Member::kBanner: return put_json(out += "\"banner\":", banner_);
    case Member::kFrom: return put_json(out += "\"from\":", from_);
    case Member::kTo: return put_list(out += "\"to\":", recipients_, recipient_count_);
    case Member::kCapabilities: return put_list(out += "\"capabilities\":", capabilities_, capability_count_);
    case Member::kError: break;
  }
  // The code and the text, cut together.
  out += "\"error\":\"";
  put_decimal(out, error_code_);
  const size_t end = out.size();
  put_json(out, error_.substr(0, kLongestText - 4));
  out[end] = ' ';
}

}  // namespace weir
