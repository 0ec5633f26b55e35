// Strings, numbers and words of JSON, as the cursor walks over them.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <utf8proc.h>

#include "registry/json_cursor.hpp"

namespace hub::registry {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How many of the eight bytes at `from` a string may hold as they are: not a quote, a backslash, a
// control character or a byte of a longer character. Eight when all.
std::size_t plain_bytes(const char* from) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  const std::uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
  const std::uint64_t odd = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                             ((word - (ones * 0x20)) & ~word) | word) &
                            tops;
  return static_cast<std::size_t>(std::countr_zero(odd)) / 8;
}

void append_utf8(std::string& out, utf8proc_int32_t point) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto size = utf8proc_encode_char(point, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

unsigned hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

// The cursor has seen four hex digits there.
unsigned hex4(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits.substr(0, 4)) value = (value * 16) + hex_value(c);
  return value;
}

}  // namespace

std::string JsonString::text() const {
  if (!escaped) return std::string(raw);
  std::string out;
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] != '\\') {
      out += raw[at];
      continue;
    }
    switch (const char c = raw[++at]; c) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        unsigned point = hex4(raw.substr(at + 1));
        at += 4;
        if (point >= 0xD800 && point <= 0xDBFF) {  // the cursor has seen its second half
          point = 0x10000 + ((point - 0xD800) << 10U) + (hex4(raw.substr(at + 3)) - 0xDC00);
          at += 6;
        }
        append_utf8(out, static_cast<utf8proc_int32_t>(point));
        break;
      }
      default: out += c;  // a quote, a backslash or a slash
    }
  }
  return out;
}

bool JsonCursor::scan_string(JsonString& into) {
  const std::size_t start = ++at_;
  into.escaped = false;
  for (;;) {
    while (bytes_.size() - at_ >= 8) {
      const std::size_t plain = plain_bytes(bytes_.data() + at_);
      at_ += plain;
      if (plain < 8) break;
    }
    if (at_ >= bytes_.size()) return fail_here();
    const auto c = static_cast<unsigned char>(bytes_[at_]);
    if (c == '"') {
      into.raw = bytes_.substr(start, at_ - start);
      ++at_;
      return true;
    }
    if (c == '\\') {
      into.escaped = true;
      if (!scan_escape()) return false;
    } else if (c < 0x20) {
      return fail_at(at_, Failure::syntax, "a control character inside a text");
    } else if (c >= 0x80) {
      if (!scan_utf8()) return false;
    } else {
      ++at_;
    }
  }
}

bool JsonCursor::scan_utf8() {
  const auto* from = reinterpret_cast<const utf8proc_uint8_t*>(bytes_.data() + at_);
  utf8proc_int32_t point = 0;
  const auto size =
      utf8proc_iterate(from, static_cast<utf8proc_ssize_t>(bytes_.size() - at_), &point);
  if (size <= 0) return fail_at(at_, Failure::not_utf8, "this is not UTF-8");
  at_ += static_cast<std::size_t>(size);
  return true;
}

bool JsonCursor::scan_escape() {
  if (++at_ >= bytes_.size()) return fail_here();
  switch (bytes_[at_]) {
    case '"':
    case '\\':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': ++at_; return true;
    case '/':
      canonical_ = false;
      ++at_;
      return true;
    case 'u': return scan_unicode_escape();
    default: return fail_at(at_, Failure::syntax, "an unknown escape");
  }
}

bool JsonCursor::read_hex4(unsigned& into) {
  const std::string_view digits = bytes_.substr(at_, 4);
  const bool good = std::ranges::all_of(
      digits, [](char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); });
  if (!good) return fail_at(at_, Failure::syntax, "\\u wants four hexadecimal digits");
  if (digits.size() < 4)
    return fail_at(bytes_.size(), Failure::truncated, "the file ends in the middle");
  into = hex4(digits);
  at_ += 4;
  return true;
}

// CPython escapes control characters alone, in lower case, and those with a short form never so.
bool JsonCursor::scan_unicode_escape() {
  const std::size_t start = at_ - 1;
  unsigned point = 0, second = 0;
  ++at_;
  if (!read_hex4(point)) return false;
  const bool has_short_form = (point >= 8 && point <= 10) || point == 12 || point == 13;
  const bool upper =
      std::ranges::any_of(bytes_.substr(at_ - 4, 4), [](char c) { return c >= 'A' && c <= 'F'; });
  if (point >= 0x20 || has_short_form || upper) canonical_ = false;
  if (point < 0xD800 || point > 0xDFFF) return true;
  const bool high = point <= 0xDBFF && bytes_.substr(at_).starts_with("\\u");
  if (high) {
    at_ += 2;
    if (!read_hex4(second)) return false;
  }
  if (high && second >= 0xDC00 && second <= 0xDFFF) return true;
  return fail_at(start, Failure::syntax, "half of a surrogate pair");
}

bool JsonCursor::scan_number(std::string_view& into) {
  const std::size_t start = at_;
  const auto digits = [this] {
    const std::size_t from = at_;
    while (at_ < bytes_.size() && is_digit(bytes_[at_])) ++at_;
    return at_ > from;
  };
  if (bytes_[at_] == '-') ++at_;
  if (bytes_.substr(at_).starts_with('0')) {
    ++at_;
  } else if (!digits()) {
    return fail_here();
  }
  if (bytes_.substr(at_).starts_with('.')) {
    ++at_;
    if (!digits()) return fail_here();
  }
  if (at_ < bytes_.size() && (bytes_[at_] | 0x20) == 'e') {
    ++at_;
    if (at_ < bytes_.size() && (bytes_[at_] == '+' || bytes_[at_] == '-')) ++at_;
    if (!digits()) return fail_here();
  }
  into = bytes_.substr(start, at_ - start);
  return true;
}

bool JsonCursor::scan_word(std::string_view word) {
  const std::string_view found = bytes_.substr(at_, word.size());
  if (found == word) {
    at_ += word.size();
    return true;
  }
  if (word.starts_with(found)) at_ = bytes_.size();
  return fail_here();
}

}  // namespace hub::registry
