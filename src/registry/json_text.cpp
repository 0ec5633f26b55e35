#include "registry/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unordered_set>

#include <boost/json/basic_parser_impl.hpp>

#include "registry/text.hpp"

namespace hub::registry {

JsonNode JsonNode::boolean(bool truth) {
  JsonNode node;
  node.kind = Kind::boolean;
  node.truth = truth;
  return node;
}

JsonNode JsonNode::string(std::string_view text) {
  JsonNode node;
  node.kind = Kind::string;
  node.text = std::string(text);
  return node;
}

JsonNode JsonNode::number(std::int64_t value) {
  JsonNode node;
  node.kind = Kind::number;
  node.text = std::to_string(value);
  return node;
}

JsonNode JsonNode::object() {
  JsonNode node;
  node.kind = Kind::object;
  return node;
}

JsonNode JsonNode::array() {
  JsonNode node;
  node.kind = Kind::array;
  return node;
}

JsonNode JsonNode::strings(const std::vector<std::string>& texts) {
  JsonNode node = array();
  for (const auto& text : texts) node.items.push_back(string(text));
  return node;
}

const JsonNode* JsonNode::find(std::string_view key) const {
  const auto at = std::ranges::find(keys, key);
  return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

JsonNode* JsonNode::find(std::string_view key) {
  const auto at = std::ranges::find(keys, key);
  return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

const std::string* JsonNode::find_string(std::string_view key) const {
  const JsonNode* found = find(key);
  return found && found->is_string() ? &found->text : nullptr;
}

void JsonNode::set(std::string_view key, JsonNode value) {
  if (JsonNode* found = find(key)) {
    *found = std::move(value);
    return;
  }
  keys.emplace_back(key);
  items.push_back(std::move(value));
}

void JsonNode::erase(std::string_view key) {
  const auto at = std::ranges::find(keys, key);
  if (at == keys.end()) return;
  items.erase(items.begin() + (at - keys.begin()));
  keys.erase(at);
}

namespace {

constexpr std::size_t depth_max = 64;

// Receives what Boost.JSON's parser finds and keeps what its values would lose.
class Builder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;

  // NOLINTBEGIN(readability-make-member-function-const): the parser wants these as they are
  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return open(JsonNode::object()); }
  bool on_object_end(std::size_t, Code&) { return close(); }
  bool on_array_begin(Code&) { return open(JsonNode::array()); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_key(Text part, std::size_t, Code& error) {
    gather(part);
    Frame& frame = open_.back();
    if (!frame.is_new(text_)) {
      duplicate_key = text_;
      error = boost::json::error::syntax;
      return false;
    }
    frame.node.keys.push_back(std::exchange(text_, {}));
    return true;
  }
  bool on_string_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_string(Text part, std::size_t, Code&) {
    gather(part);
    return add(JsonNode::string(std::exchange(text_, {})));
  }
  bool on_number_part(Text part, Code&) { return gather(part); }
  bool on_int64(std::int64_t, Text part, Code&) { return add_number(part); }
  bool on_uint64(std::uint64_t, Text part, Code&) { return add_number(part); }
  bool on_double(double, Text part, Code&) { return add_number(part); }
  bool on_bool(bool truth, Code&) { return add(JsonNode::boolean(truth)); }
  bool on_null(Code&) { return add(JsonNode{}); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }
  // NOLINTEND(readability-make-member-function-const)

  JsonNode root;
  std::string duplicate_key;

 private:
  struct Frame {
    JsonNode node;
    std::unordered_set<std::string> seen;  // of an object with many keys

    bool is_new(const std::string& key) {
      constexpr std::size_t few = 16;
      if (node.keys.size() < few) return std::ranges::find(node.keys, key) == node.keys.end();
      if (seen.empty()) seen.insert(node.keys.begin(), node.keys.end());
      return seen.insert(key).second;
    }
  };

  bool gather(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool add_number(Text part) {
    gather(part);
    JsonNode node;
    node.kind = JsonNode::Kind::number;
    node.text = std::exchange(text_, {});
    return add(std::move(node));
  }
  bool open(JsonNode node) {
    open_.push_back({std::move(node), {}});
    return true;
  }
  bool close() {
    JsonNode node = std::move(open_.back().node);
    open_.pop_back();
    return add(std::move(node));
  }
  bool add(JsonNode node) {
    if (open_.empty())
      root = std::move(node);
    else
      open_.back().node.items.push_back(std::move(node));
    return true;
  }

  std::vector<Frame> open_;
  std::string text_;  // of the key, string or number being read
};

tl::unexpected<Error> refuse(std::string_view bytes, std::size_t offset, const std::string& file,
                             const std::string& why, const char* reason) {
  const std::string_view before = bytes.substr(0, offset);
  const auto line = static_cast<std::int64_t>(std::ranges::count(before, '\n')) + 1;
  const auto start = before.rfind('\n');
  const auto column =
      static_cast<std::int64_t>(start == std::string_view::npos ? offset + 1 : offset - start);
  return fail(ErrorCode::invalid,
              "cannot read " + file + ": line " + std::to_string(line) + ", column " +
                  std::to_string(column) + ": " + why,
              reason, "mend the file there, or restore it from its history",
              {{"file", file},
               {"line", line},
               {"column", column},
               {"offset", static_cast<std::int64_t>(offset)}});
}

// A merge that nobody finished. A JSON string holds no raw line break, so no value looks like this.
std::size_t find_conflict_marker(std::string_view bytes) {
  for (std::size_t at = 0; at != std::string_view::npos && at < bytes.size();) {
    const std::string_view line = bytes.substr(at);
    if (line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>")) return at;
    at = bytes.find('\n', at);
    if (at != std::string_view::npos) ++at;
  }
  return std::string_view::npos;
}

}  // namespace

Result<JsonNode> parse_json_text(std::string_view bytes, const std::string& file) {
  if (const auto good = utf8_prefix(bytes); good != bytes.size()) {
    return refuse(bytes, good, file, "this is not UTF-8", "json_not_utf8");
  }
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::basic_parser<Builder> parser(options);
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, bytes.data(), bytes.size(), error);
  const auto rest = bytes.find_first_not_of(" \t\r\n", used);
  if (!error && rest == std::string_view::npos) return std::move(parser.handler().root);

  if (const auto marker = find_conflict_marker(bytes); marker != std::string_view::npos) {
    return refuse(bytes, marker, file, "a merge conflict was left here", "json_conflict_markers");
  }
  if (!error) return refuse(bytes, rest, file, "text after the end of the value", "json_syntax");
  if (!parser.handler().duplicate_key.empty()) {
    return refuse(bytes, used, file,
                  "the key \"" + parser.handler().duplicate_key + "\" is there twice",
                  "json_duplicate_key");
  }
  if (error == boost::json::error::too_deep) {
    return refuse(bytes, used, file, "more than " + std::to_string(depth_max) + " levels deep",
                  "json_too_deep");
  }
  if (error == boost::json::error::incomplete) {
    return refuse(bytes, bytes.size(), file, "the file ends in the middle", "json_truncated");
  }
  return refuse(bytes, used, file, error.message(), "json_syntax");
}

namespace {

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          std::array<char, 8> escape{};
          std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
          out += escape.data();
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void write_node(std::string& out, const JsonNode& node, std::size_t indent) {
  switch (node.kind) {
    case JsonNode::Kind::null: out += "null"; return;
    case JsonNode::Kind::boolean: out += node.truth ? "true" : "false"; return;
    case JsonNode::Kind::number: out += node.text; return;
    case JsonNode::Kind::string: write_string(out, node.text); return;
    case JsonNode::Kind::array:
    case JsonNode::Kind::object: break;
  }
  const bool object = node.is_object();
  out += object ? '{' : '[';
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    out += at == 0 ? "\n" : ",\n";
    out.append(indent + 2, ' ');
    if (object) {
      write_string(out, node.keys[at]);
      out += ": ";
    }
    write_node(out, node.items[at], indent + 2);
  }
  if (!node.items.empty()) {
    out += '\n';
    out.append(indent, ' ');
  }
  out += object ? '}' : ']';
}

}  // namespace

std::string to_json_text(const JsonNode& node) {
  std::string out;
  write_node(out, node, 0);
  return out;
}

boost::json::value to_value(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::null: return nullptr;
    case JsonNode::Kind::boolean: return node.truth;
    case JsonNode::Kind::number: return boost::json::parse(node.text);
    case JsonNode::Kind::string: return boost::json::string(node.text);
    case JsonNode::Kind::array: {
      boost::json::array array;
      for (const auto& item : node.items) array.push_back(to_value(item));
      return array;
    }
    case JsonNode::Kind::object: {
      boost::json::object object;
      for (std::size_t at = 0; at < node.items.size(); ++at) {
        object[node.keys[at]] = to_value(node.items[at]);
      }
      return object;
    }
  }
  return nullptr;  // not reached: every kind is named above
}

}  // namespace hub::registry
