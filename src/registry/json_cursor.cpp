#include "registry/json_cursor.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "registry/json_text.hpp"

namespace hub::registry {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A line break and the indentation of the deepest line that may come.
constexpr std::size_t indent_chars_max = 2 * (JsonCursor::depth_max + 1);
constexpr auto line_breaks = [] {
  std::array<char, indent_chars_max + 1> text{};
  text.fill(' ');
  text[0] = '\n';
  return text;
}();

std::string_view line_break(std::size_t depth) { return {line_breaks.data(), 1 + (2 * depth)}; }

}  // namespace

bool JsonCursor::fail_at(std::size_t at, Failure failure, std::string what) {
  if (!ok()) return false;
  failure_ = failure;
  what_ = std::move(what);
  at_ = at;
  return false;
}

bool JsonCursor::fail_here() {
  if (at_ >= bytes_.size()) {
    return fail_at(bytes_.size(), Failure::truncated, "the file ends in the middle");
  }
  return fail_at(at_, Failure::syntax, "this is not JSON");
}

bool JsonCursor::blank(std::string_view wanted) {
  if (!ok()) return false;
  const std::string_view rest = bytes_.substr(at_);
  if (rest.starts_with(wanted) &&
      (rest.size() == wanted.size() || !is_blank(rest[wanted.size()]))) {
    at_ += wanted.size();
    return true;
  }
  canonical_ = false;
  while (at_ < bytes_.size() && is_blank(bytes_[at_])) ++at_;
  return true;
}

bool JsonCursor::peek(JsonKind& kind) {
  if (open_.empty() && !blank("")) return false;
  if (!ok()) return false;
  if (at_ == bytes_.size()) return fail_here();
  switch (bytes_[at_]) {
    case '{': kind = JsonKind::object; return true;
    case '[': kind = JsonKind::array; return true;
    case '"': kind = JsonKind::string; return true;
    case 't':
    case 'f': kind = JsonKind::boolean; return true;
    case 'n': kind = JsonKind::null; return true;
    default: break;
  }
  if (bytes_[at_] != '-' && !is_digit(bytes_[at_])) return fail_here();
  kind = JsonKind::number;
  return true;
}

bool JsonCursor::enter(char open, char close) {
  JsonKind kind{};
  if (!peek(kind) || bytes_[at_] != open) return false;
  if (open_.size() == depth_max) {
    return fail_at(at_, Failure::too_deep,
                   "more than " + std::to_string(depth_max) + " levels deep");
  }
  ++at_;
  open_.push_back({.close = close, .keys_begin = keys_.size()});
  return true;
}

bool JsonCursor::enter_object() { return enter('{', '}'); }
bool JsonCursor::enter_array() { return enter('[', ']'); }

bool JsonCursor::leave() {
  ++at_;
  keys_.resize(open_.back().keys_begin);
  open_.pop_back();
  return false;
}

// To the next item of the innermost container; false at its end.
bool JsonCursor::next(char close) {
  if (!ok()) return false;
  Frame& frame = open_.back();
  const std::size_t depth = open_.size();
  if (frame.empty) {
    if (bytes_.substr(at_).starts_with(close)) return leave();
    blank(line_break(depth));
    if (bytes_.substr(at_).starts_with(close)) {
      canonical_ = false;
      return leave();
    }
    frame.empty = false;
    return true;
  }
  if (bytes_.substr(at_).starts_with(',')) {
    ++at_;
    return blank(line_break(depth));
  }
  blank(line_break(depth - 1));
  if (bytes_.substr(at_).starts_with(close)) return leave();
  if (!bytes_.substr(at_).starts_with(',')) return fail_here();
  canonical_ = false;  // blanks before the comma
  ++at_;
  return blank(line_break(depth));
}

bool JsonCursor::next_item() { return next(']'); }

bool JsonCursor::next_key(JsonString& key) {
  if (!next('}')) return false;
  if (!bytes_.substr(at_).starts_with('"')) return fail_here();
  const std::size_t start = at_;
  if (!scan_string(key)) return false;
  if (!is_new_key(key)) {
    return fail_at(start, Failure::duplicate_key, "the key \"" + key.text() + "\" is there twice");
  }
  blank("");
  if (!bytes_.substr(at_).starts_with(':')) return fail_here();
  ++at_;
  return blank(" ");
}

bool JsonCursor::is_new_key(const JsonString& key) {
  constexpr std::size_t few = 24;
  Frame& frame = open_.back();
  std::string_view text = key.raw;
  if (key.escaped) text = unescaped_.emplace_back(key.text());
  if (frame.many) return frame.many->insert(text).second;
  const auto ours = std::span(keys_).subspan(frame.keys_begin);
  const std::size_t hash =
      text.empty() ? 0
                   : (text.size() * 7) + static_cast<unsigned char>(text.front()) +
                         (static_cast<std::size_t>(static_cast<unsigned char>(text.back())) * 3);
  const std::uint64_t bit = std::uint64_t{1} << (hash & 63U);
  if ((frame.kinds_of_keys & bit) != 0 && std::ranges::find(ours, text) != ours.end()) return false;
  frame.kinds_of_keys |= bit;
  keys_.push_back(text);
  if (ours.size() + 1 > few) {
    frame.many = std::make_unique<std::unordered_set<std::string_view>>();
    frame.many->insert(keys_.begin() + static_cast<std::ptrdiff_t>(frame.keys_begin), keys_.end());
  }
  return true;
}

bool JsonCursor::read_string(JsonString& into) {
  JsonKind kind{};
  return peek(kind) && kind == JsonKind::string && scan_string(into);
}

bool JsonCursor::read_number(std::string_view& into) {
  JsonKind kind{};
  return peek(kind) && kind == JsonKind::number && scan_number(into);
}

// NOLINTNEXTLINE(misc-no-recursion): at most depth_max deep
bool JsonCursor::skip() {
  JsonKind kind{};
  if (!peek(kind)) return false;
  JsonString text;
  std::string_view number;
  switch (kind) {
    case JsonKind::null: return scan_word("null");
    case JsonKind::boolean: return scan_word(bytes_[at_] == 't' ? "true" : "false");
    case JsonKind::number: return scan_number(number);
    case JsonKind::string: return scan_string(text);
    case JsonKind::array:
      for (enter_array(); next_item();) skip();
      return ok();
    case JsonKind::object:
      for (enter_object(); next_key(text);) skip();
      return ok();
  }
  return false;  // not reached: every kind is named above
}

// NOLINTNEXTLINE(misc-no-recursion): at most depth_max deep
bool JsonCursor::read(JsonNode& into) {
  JsonKind kind{};
  if (!peek(kind)) return false;
  JsonString text;
  std::string_view number;
  into = JsonNode{};
  into.kind = kind;
  switch (kind) {
    case JsonKind::null: return scan_word("null");
    case JsonKind::boolean:
      into.truth = bytes_[at_] == 't';
      return scan_word(into.truth ? "true" : "false");
    case JsonKind::number:
      if (!scan_number(number)) return false;
      into.text = std::string(number);
      return true;
    case JsonKind::string:
      if (!scan_string(text)) return false;
      into.text = text.text();
      return true;
    case JsonKind::array:
      for (enter_array(); next_item();) read(into.items.emplace_back());
      return ok();
    case JsonKind::object:
      for (enter_object(); next_key(text);) {
        into.keys.push_back(text.text());
        read(into.items.emplace_back());
      }
      return ok();
  }
  return false;  // not reached: every kind is named above
}

bool JsonCursor::end() {
  if (!blank("\n")) return false;
  if (at_ == bytes_.size()) return true;
  return fail_at(at_, Failure::syntax, "text after the end of the value");
}

}  // namespace hub::registry
