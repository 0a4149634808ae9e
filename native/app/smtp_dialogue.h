// The commands and replies of one SMTP connection in clear (RFC 5321): src/app/dialogue.ts and what src/app/smtp.ts makes of it,
// step by step, as what they say depends on how much of both sides is there whenever they are asked: which member of the
// note comes first, and which lines behind a DATA are taken for commands.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "flow_reading.h"

namespace weir {

class SmtpDialogue {
 public:
  // Forgets everything: another flow, or the same one from its start.
  void clear();
  // Both heads as they are at one moment; `ended` when they will not grow. False when something is not plain: what follows
  // is for the parser.
  bool advance(Bytes client, Bytes server, bool ended);

  // Nothing more is wanted: a message was accepted, or its transfer begun.
  bool finished() const { return finished_; }
  // The heads need to be this long before anything can be finished or odd.
  void tell_need(Bytes client, Bytes server, size_t (&need)[2]) const;
  void tell(Found& found) const;
  // As `tell_need`, without reading all of a dialogue that has begun: true when the client has said EHLO or HELO, and since
  // then nothing that asks for more than a plain reply.
  static bool is_before_message(Bytes client, size_t (&need)[2]);

 private:
  enum class Word : uint8_t { kOther, kHelo, kEhlo, kMail, kRcpt, kAuth, kTls, kData, kBdat };
  // Members of the note in the order in which they were first set.
  enum class Member : uint8_t { kHelo, kBanner, kFrom, kTo, kCapabilities, kError };

  static constexpr size_t kMembers = 6;
  static constexpr size_t kMostRecipients = 8;
  static constexpr size_t kMostCapabilities = 24;

  struct Lines {
    // Where the next line begins, and how far its end has been looked for.
    size_t at = 0;
    size_t scanned = 0;

    bool next(Bytes head, Bytes& line);
  };
  // A reply as far as it has come; its code is 0 before.
  struct Reply {
    uint32_t code = 0;
    size_t lines = 0;
    std::string_view texts[1 + kMostCapabilities];
  };
  enum class Step : uint8_t { kNothing, kSome, kOdd };

  static Word word_of(std::string_view word);
  static bool decides(Word word);
  Step read_commands(Bytes client);
  Step read_replies(Bytes client, Bytes server, bool ended);
  // kSome: the reply is whole.
  Step read_reply(Bytes server);
  // False when it is odd.
  bool on_command(Word word, std::string_view argument);
  bool on_reply(Word word);
  void on_greeting();
  bool has_pending() const { return first_pending_ < pending_.size(); }
  bool sets(Member member);
  void put(std::string& out, Member member) const;

  Lines client_;
  Lines server_;
  Reply reply_;
  // Commands without a reply, from `first_pending_` on.
  std::vector<Word> pending_;
  size_t first_pending_ = 0;
  bool greeted_ = false;
  bool confirmed_ = false;
  // The reply decides what the next bytes of the client are.
  bool waiting_ = false;
  bool finished_ = false;
  bool is_chunk_ = false;

  Member members_[kMembers];
  size_t member_count_ = 0;
  std::string_view helo_;
  std::string_view banner_;
  std::string_view from_;
  std::string_view recipients_[kMostRecipients];
  size_t recipient_count_ = 0;
  std::string_view capabilities_[kMostCapabilities];
  size_t capability_count_ = 0;
  uint32_t error_code_ = 0;
  std::string_view error_;
  std::string_view host_;
};

}  // namespace weir
