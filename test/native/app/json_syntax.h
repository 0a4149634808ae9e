// Whether a text is one JSON value (RFC 8259), in printable ASCII as native readers write it.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

class JsonSyntax {
 public:
  static bool holds(std::string_view text) {
    JsonSyntax syntax(text);
    return syntax.is_value();
  }

 private:
  explicit JsonSyntax(std::string_view text) : text_(text) {}

  // Values are looked at one after the other; what is open around them stands in `open_`.
  bool is_value() {
    for (;;) {
      if (next_is('{') || next_is('[')) {
        open_ += text_[at_ - 1];
        const bool is_object = open_.back() == '{';
        if (!next_is(is_object ? '}' : ']')) {
          if (is_object && !is_name()) return false;
          continue;
        }
        open_.pop_back();
      } else if (!is_scalar()) {
        return false;
      }
      for (;;) {
        if (open_.empty()) return at_ == text_.size();
        const bool in_object = open_.back() == '{';
        if (next_is(',')) {
          if (in_object && !is_name()) return false;
          break;
        }
        if (!next_is(in_object ? '}' : ']')) return false;
        open_.pop_back();
      }
    }
  }

  bool next_is(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    at_++;
    return true;
  }
  bool is_name() { return is_string() && next_is(':'); }
  bool is_scalar() {
    for (const std::string_view word : {"null", "true", "false"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return true;
    }
    return is_string() || is_number();
  }
  bool is_string() {
    if (!next_is('"')) return false;
    while (at_ < text_.size() && text_[at_] >= 0x20 && text_[at_] <= 0x7e) {
      const char letter = text_[at_++];
      if (letter == '"') return true;
      if (letter == '\\' && !next_is('"') && !next_is('\\')) return false;
    }
    return false;
  }
  // Readers write whole ones only, without a sign.
  bool is_number() {
    const size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') at_++;
    return at_ > from && (text_[from] != '0' || at_ == from + 1);
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string open_;
};

}  // namespace weir
