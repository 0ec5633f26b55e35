#include "ydoc/lib0.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace hub::ydoc {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Any's tags.
enum Tag : std::uint8_t {
  tag_bytes = 116,
  tag_array = 117,
  tag_object = 118,
  tag_string = 119,
  tag_true = 120,
  tag_false = 121,
  tag_big_int = 122,
  tag_float64 = 123,
  tag_float32 = 124,
  tag_int = 125,
  tag_null = 126,
  tag_undefined = 127,
};

// Bytes of the sequence that starts here, 0 when it is broken (overlong, surrogate, > U+10FFFF).
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return 0;
  }
  if (lead == 0xE0 && at(1) < 0xA0) return 0;
  if (lead == 0xED && at(1) > 0x9F) return 0;
  if (lead == 0xF0 && at(1) < 0x90) return 0;
  if (lead == 0xF4 && at(1) > 0x8F) return 0;
  return length;
}

}  // namespace

std::optional<std::size_t> utf16_length(std::string_view utf8) {
  std::size_t units = 0;
  while (!utf8.empty()) {
    const std::size_t length = sequence_length(utf8);
    if (length == 0) return std::nullopt;
    units += length == 4 ? 2 : 1;
    utf8.remove_prefix(length);
  }
  return units;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out.append(length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string utf16_slice(std::string_view utf8, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t unit = 0; !utf8.empty() && unit < to;) {
    const std::size_t length = sequence_length(utf8);
    if (length == 0) break;
    const std::size_t end = unit + (length == 4 ? 2 : 1);
    if (unit >= from && end <= to) {
      out.append(utf8.substr(0, length));
    } else if (end > from) {
      out.append(kReplacement);
    }
    unit = end;
    utf8.remove_prefix(length);
  }
  return out;
}

void Reader::refuse(const char* problem) {
  if (!problem_) problem_ = problem;
  at_ = bytes_.size();
}

std::uint8_t Reader::byte() {
  if (remaining() == 0) {
    refuse("it ends too early");
    return 0;
  }
  return static_cast<std::uint8_t>(bytes_[at_++]);
}

std::uint64_t Reader::var_uint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 56; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
    if (next < 0x80) {
      if (value <= kVarUintMax) return ok() ? value : 0;
      break;
    }
  }
  refuse("an integer is too large");
  return 0;
}

std::uint64_t Reader::count() {
  const std::uint64_t value = var_uint();
  if (value <= remaining()) return value;
  refuse("a count is larger than what follows");
  return 0;
}

std::string_view Reader::var_bytes() {
  const std::uint64_t length = count();
  const std::size_t start = at_;
  at_ += static_cast<std::size_t>(length);
  return since(start);
}

std::string_view Reader::var_string() {
  const std::string_view text = var_bytes();
  if (!utf16_length(text)) {
    refuse("a string is not UTF-8");
    return {};
  }
  return text;
}

void Reader::skip(std::size_t count) {
  if (count <= remaining()) {
    at_ += count;
  } else {
    refuse("it ends too early");
  }
}

void Reader::skip_var_int() {
  // Six bits and a sign in the first byte, then seven a byte.
  std::uint8_t next = byte();
  std::uint64_t value = next & 0x3FU;
  for (unsigned shift = 6; next >= 0x80; shift += 7) {
    if (shift > 53) return refuse("an integer is too large");
    next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
  }
  if (value > kVarUintMax) refuse("an integer is too large");
}

void Reader::skip_any() { skip_any(0); }

// NOLINTNEXTLINE(misc-no-recursion): at most kNestingMax deep
void Reader::skip_any(int depth) {
  if (depth > kNestingMax) return refuse("it is nested too deeply");
  switch (byte()) {
    case tag_undefined:
    case tag_null:
    case tag_true:
    case tag_false: return;
    case tag_int: return skip_var_int();
    case tag_float32: return skip(4);
    case tag_float64:
    case tag_big_int: return skip(8);
    case tag_string: var_string(); return;
    case tag_bytes: var_bytes(); return;
    case tag_object:
      for (std::uint64_t left = count(); left > 0 && ok(); --left) {
        var_string();
        skip_any(depth + 1);
      }
      return;
    case tag_array:
      for (std::uint64_t left = count(); left > 0 && ok(); --left) skip_any(depth + 1);
      return;
    default: return refuse("a value has an unknown tag");
  }
}

void Reader::skip_json_text() {
  const std::string_view text = var_string();
  if (!ok()) return;
  // Boost.JSON's own limit of nesting is 32, and it takes what JSON.parse takes.
  boost::system::error_code error;
  boost::json::monotonic_resource memory;
  boost::json::parse(text, error, &memory);
  if (error) refuse("a value is not JSON");
}

void Writer::var_uint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) byte(static_cast<std::uint8_t>(0x80U | (value & 0x7FU)));
  byte(static_cast<std::uint8_t>(value));
}

void Writer::var_bytes(std::string_view bytes) {
  var_uint(bytes.size());
  raw(bytes);
}

void Writer::var_string(std::string_view text) {
  if (utf16_length(text)) {
    var_bytes(text);
  } else {
    var_bytes(valid_utf8(text));
  }
}

void Writer::var_int(std::int64_t value) {
  const bool negative = value < 0;
  std::uint64_t rest =
      negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  byte(static_cast<std::uint8_t>((rest > 0x3F ? 0x80U : 0U) | (negative ? 0x40U : 0U) |
                                 (rest & 0x3FU)));
  for (rest >>= 6U; rest > 0; rest >>= 7U) {
    byte(static_cast<std::uint8_t>((rest > 0x7F ? 0x80U : 0U) | (rest & 0x7FU)));
  }
}

void Writer::number(double value) {
  // JSON has no NaN or infinity; a float that no JSON reader would give back becomes null.
  if (!std::isfinite(value)) return byte(tag_null);
  if (std::abs(value) <= double{std::numeric_limits<float>::max()} &&
      static_cast<double>(static_cast<float>(value)) == value) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    byte(tag_float32);
    for (unsigned shift = 32; shift > 0; shift -= 8) {
      byte(static_cast<std::uint8_t>(bits >> (shift - 8)));
    }
    return;
  }
  const auto bits = std::bit_cast<std::uint64_t>(value);
  byte(tag_float64);
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    byte(static_cast<std::uint8_t>(bits >> (shift - 8)));
  }
}

// NOLINTNEXTLINE(misc-no-recursion): the nesting of our own values
void Writer::any(const Json& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return byte(tag_null);
    case boost::json::kind::bool_: return byte(value.get_bool() ? tag_true : tag_false);
    case boost::json::kind::int64: {
      const std::int64_t number_value = value.get_int64();
      if (std::abs(static_cast<double>(number_value)) > static_cast<double>(kVarUintMax)) {
        return number(static_cast<double>(number_value));
      }
      byte(tag_int);
      return var_int(number_value);
    }
    case boost::json::kind::uint64: {
      if (value.get_uint64() > kVarUintMax) {
        return number(static_cast<double>(value.get_uint64()));
      }
      byte(tag_int);
      return var_int(static_cast<std::int64_t>(value.get_uint64()));
    }
    case boost::json::kind::double_: return number(value.get_double());
    case boost::json::kind::string: byte(tag_string); return var_string(value.get_string());
    case boost::json::kind::array:
      byte(tag_array);
      var_uint(value.get_array().size());
      for (const auto& item : value.get_array()) any(item);
      return;
    case boost::json::kind::object:
      byte(tag_object);
      var_uint(value.get_object().size());
      for (const auto& [key, item] : value.get_object()) {
        var_string(key);
        any(item);
      }
      return;
  }
}

}  // namespace hub::ydoc
