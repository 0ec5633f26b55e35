#pragma once
// JSON whose bytes matter. Reads strictly and keeps what a reader normally loses (the order of
// keys, the text of numbers); writes exactly what CPython's json.dumps(value, indent=2,
// ensure_ascii=False) writes. Pure, any thread.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "base/result.hpp"
#include "registry/json_cursor.hpp"

namespace hub::registry {

// A value type: copied and compared.
struct JsonNode {
  using Kind = JsonKind;

  Kind kind = Kind::null;
  bool truth = false;
  std::string text;               // a number's text, a string's contents
  std::vector<std::string> keys;  // an object's, in order; values are in `items`
  std::vector<JsonNode> items;

  static JsonNode boolean(bool truth);
  static JsonNode string(std::string_view);
  static JsonNode number(std::int64_t);
  static JsonNode object();
  static JsonNode array();
  static JsonNode strings(const std::vector<std::string>&);

  bool is_object() const { return kind == Kind::object; }
  bool is_array() const { return kind == Kind::array; }
  bool is_string() const { return kind == Kind::string; }

  const JsonNode* find(std::string_view key) const;  // null when absent or not an object
  JsonNode* find(std::string_view key);
  const std::string* find_string(std::string_view key) const;
  void set(std::string_view key, JsonNode value);  // in place, or at the end
  void erase(std::string_view key);

  friend bool operator==(const JsonNode&, const JsonNode&) = default;
};

// invalid, with file, line, column, offset and what was observed in details. Reasons: json_syntax,
// json_truncated, json_duplicate_key, json_too_deep (over 64), json_not_utf8,
// json_conflict_markers. Also refused: NaN, Infinity, lone surrogates, a byte order mark, anything
// after the value.
Result<JsonNode> parse_json_text(std::string_view bytes, const std::string& file);

// Indent 2, no newline at the end. `depth`: how many containers it will stand in.
std::string to_json_text(const JsonNode&, std::size_t depth = 0);
// The next value, laid out so, without a tree of it. False: the cursor failed.
bool append_json_text(std::string& out, JsonCursor&, std::size_t depth);
void append_json_string(std::string& out, std::string_view text);  // with its quotes

// For answers: numbers become doubles or integers, and text where they fit neither.
boost::json::value to_value(const JsonNode&);

}  // namespace hub::registry
