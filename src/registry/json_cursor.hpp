#pragma once
// JsonCursor: one strict pass over JSON text, value by value, without making a tree. What it
// accepts is what parse_json_text accepts (json_text.hpp); that one is made of it. It also tells
// whether the text already is, byte for byte, what to_json_text would write, so that a writer may
// copy it.
//
//   JsonString key;
//   if (cursor.enter_object())
//     while (cursor.next_key(key)) cursor.skip();      // exactly one value after each key
//   if (!cursor.ok()) return refused_json(...)
//
// After a failure every function returns false and nothing moves. A value type over bytes that
// outlive it; one thread.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.hpp"

namespace hub::registry {

struct JsonNode;

// Between its quotes, as written.
struct JsonString {
  std::string_view raw;
  bool escaped = false;

  std::string text() const;
  bool is(std::string_view text) const { return escaped ? this->text() == text : raw == text; }
};

enum class JsonKind { null, boolean, number, string, array, object };

class JsonCursor {
 public:
  static constexpr std::size_t depth_max = 64;

  enum class Failure { none, syntax, truncated, duplicate_key, too_deep, not_utf8 };

  explicit JsonCursor(std::string_view bytes) : bytes_(bytes) {}

  // Of the value that comes next; also moves over the white space before it.
  bool peek(JsonKind& kind);

  bool enter_object();                 // false: it is none, and nothing moved
  bool next_key(JsonString& key);      // false: the object has ended
  bool enter_array();                  // false: it is none, and nothing moved
  bool next_item();                    // false: the array has ended
  bool read_string(JsonString& into);  // false: it is none, and nothing moved
  bool read_number(std::string_view& into);
  bool skip();                // one value, whatever it is
  bool read(JsonNode& into);  // the same, as a tree
  bool end();                 // nothing but white space is left

  bool ok() const { return failure_ == Failure::none; }
  Failure failure() const { return failure_; }
  const std::string& what() const { return what_; }  // was wrong, for people
  std::size_t offset() const { return at_; }
  std::string_view bytes() const { return bytes_; }

  // Whether all since the last restart is laid out as to_json_text would.
  bool canonical() const { return canonical_; }
  void restart_canonical() { canonical_ = true; }

 private:
  struct Frame {
    char close = '}';
    bool empty = true;
    std::uint64_t kinds_of_keys = 0;  // a set bit: a key with this hash may have been seen
    std::size_t keys_begin = 0;       // of this object, in keys_
    std::unique_ptr<std::unordered_set<std::string_view>> many =
        {};  // its keys, once they are many
  };

  bool fail_at(std::size_t at, Failure, std::string what);
  bool fail_here();                     // what stands here cannot stand here
  bool blank(std::string_view wanted);  // white space; canonical only when it is the wanted one
  bool before_item();
  bool enter(char open, char close);
  bool leave();
  bool next(char close);
  bool scan_string(JsonString& into);
  bool scan_escape();
  bool scan_unicode_escape();
  bool read_hex4(unsigned& into);
  bool scan_utf8();
  bool scan_number(std::string_view& into);
  bool scan_word(std::string_view word);
  bool is_new_key(const JsonString& key);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::vector<Frame> open_;
  std::vector<std::string_view> keys_;  // of all open objects
  std::deque<std::string> unescaped_;   // keys that had escapes, for keys_ to point to
  bool canonical_ = true;
  Failure failure_ = Failure::none;
  std::string what_;
};

struct TextPlace {
  std::int64_t line = 1, column = 1;
};
TextPlace place_in(std::string_view bytes, std::size_t offset);

// The error of a cursor that failed on these bytes of this file.
Error refused_json(const JsonCursor&, const std::string& file);
// "cannot read <file>: line 3, column 7: <why>", with the place in details, too.
Error refused_text(std::string_view bytes, std::size_t offset, const std::string& file,
                   const std::string& why, const char* reason, const std::string& hint,
                   boost::json::object details = {});

}  // namespace hub::registry
