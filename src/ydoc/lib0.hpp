#pragma once
// lib0, the byte encoding below Yjs (github.com/dmonad/lib0, encoding.js): variable-length
// integers, strings, and Any, a tagged JSON value.
//
// The reader is for hostile input: every count is at most the bytes that remain, integers are at
// most 2^53 - 1, strings are UTF-8, nesting is at most 32. The first problem sticks: afterwards
// every read gives zero or nothing, so a parser reads on and asks ok() where it loops and at the
// end. The writer only writes what every JavaScript client can read.
//
// Plain values, no shared state: any thread, one at a time per object.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"

namespace hub::ydoc {

inline constexpr std::uint64_t kVarUintMax = (std::uint64_t{1} << 53U) - 1;
inline constexpr int kNestingMax = 32;

// Length in UTF-16 units, as JavaScript counts; nothing when the bytes are not UTF-8.
std::optional<std::size_t> utf16_length(std::string_view utf8);

// The same text with each broken sequence replaced by U+FFFD: a browser's decoder throws on one.
std::string valid_utf8(std::string_view text);

// UTF-16 units [from, to) of valid UTF-8. Half of a surrogate pair becomes U+FFFD, as in Yjs.
std::string utf16_slice(std::string_view utf8, std::size_t from, std::size_t to);

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return problem_ == nullptr; }
  const char* problem() const { return problem_ ? problem_ : ""; }
  void refuse(const char* problem);  // the caller's own objection, a literal

  std::size_t position() const { return at_; }
  std::size_t remaining() const { return bytes_.size() - at_; }
  std::string_view since(std::size_t position) const {
    return bytes_.substr(position, at_ - position);
  }

  std::uint8_t byte();
  std::uint64_t var_uint();
  std::uint64_t count();          // a var_uint of things that take at least a byte each
  std::string_view var_bytes();   // length and bytes
  std::string_view var_string();  // the same, UTF-8
  void skip_any();                // one Any, checked
  void skip_json_text();          // one string that JavaScript's JSON.parse takes

 private:
  void skip(std::size_t count);
  void skip_var_int();
  void skip_any(int depth);

  std::string_view bytes_;
  std::size_t at_ = 0;
  const char* problem_ = nullptr;
};

class Writer {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void var_uint(std::uint64_t value);
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  void var_bytes(std::string_view bytes);
  void var_string(std::string_view text);  // made valid UTF-8
  // Integers up to 2^53 - 1 as lib0 ints, larger ones as float64, so none becomes a BigInt.
  void any(const Json& value);

  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  void var_int(std::int64_t value);
  void number(double value);

  std::string bytes_;
};

}  // namespace hub::ydoc
