#include "registry/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

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

Result<JsonNode> parse_json_text(std::string_view bytes, const std::string& file) {
  JsonCursor cursor(bytes);
  JsonNode root;
  if (!cursor.read(root) || !cursor.end()) return tl::unexpected(refused_json(cursor, file));
  return root;
}

void append_json_string(std::string& out, std::string_view text) {
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

namespace {

// NOLINTNEXTLINE(misc-no-recursion): at most JsonCursor::depth_max deep
void write_node(std::string& out, const JsonNode& node, std::size_t indent) {
  switch (node.kind) {
    case JsonNode::Kind::null: out += "null"; return;
    case JsonNode::Kind::boolean: out += node.truth ? "true" : "false"; return;
    case JsonNode::Kind::number: out += node.text; return;
    case JsonNode::Kind::string: append_json_string(out, node.text); return;
    case JsonNode::Kind::array:
    case JsonNode::Kind::object: break;
  }
  const bool object = node.is_object();
  out += object ? '{' : '[';
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    out += at == 0 ? "\n" : ",\n";
    out.append(indent + 2, ' ');
    if (object) {
      append_json_string(out, node.keys[at]);
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

std::string to_json_text(const JsonNode& node, std::size_t depth) {
  std::string out;
  write_node(out, node, 2 * depth);
  return out;
}

// NOLINTNEXTLINE(misc-no-recursion): at most JsonCursor::depth_max deep
bool append_json_text(std::string& out, JsonCursor& cursor, std::size_t depth) {
  const auto line = [&out](std::size_t levels) {
    out += '\n';
    out.append(2 * levels, ' ');
  };
  JsonString text;
  bool empty = true;
  if (cursor.enter_object()) {
    out += '{';
    while (cursor.next_key(text)) {
      if (!std::exchange(empty, false)) out += ',';
      line(depth + 1);
      append_json_string(out, text.text());
      out += ": ";
      append_json_text(out, cursor, depth + 1);
    }
    if (!empty) line(depth);
    out += '}';
  } else if (cursor.enter_array()) {
    out += '[';
    while (cursor.next_item()) {
      if (!std::exchange(empty, false)) out += ',';
      line(depth + 1);
      append_json_text(out, cursor, depth + 1);
    }
    if (!empty) line(depth);
    out += ']';
  } else if (cursor.read_string(text)) {
    append_json_string(out, text.text());
  } else if (cursor.ok()) {
    const std::size_t start = cursor.offset();
    if (cursor.skip()) out += cursor.bytes().substr(start, cursor.offset() - start);
  }
  return cursor.ok();
}

// NOLINTNEXTLINE(misc-no-recursion): at most JsonCursor::depth_max deep
boost::json::value to_value(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::null: return nullptr;
    case JsonNode::Kind::boolean: return node.truth;
    case JsonNode::Kind::number: {
      boost::json::error_code error;
      boost::json::value number = boost::json::parse(node.text, error);
      if (error) return boost::json::string(node.text);  // an exponent beyond all bounds
      return number;
    }
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
