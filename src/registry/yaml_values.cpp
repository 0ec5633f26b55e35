// Plain scalars as YAML 1.1 understands them.
#include <algorithm>
#include <array>
#include <charconv>

#include "registry/text.hpp"
#include "registry/yaml.hpp"

namespace hub::registry {
namespace {

// The shortest text that reads back as the same double, with the fraction that CPython writes.
std::string number_text(double value) {
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  std::string out(text.data(), end);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_float(std::string_view text) {
  const bool shaped = std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
  });
  return shaped && text.find('.') != std::string_view::npos;
}

JsonNode plain_value(const std::string& text) {
  static constexpr std::array yes{"true", "yes", "on"};
  static constexpr std::array no{"false", "no", "off"};
  const std::string lower = ascii_lower(text);
  if (std::ranges::find(yes, lower) != yes.end()) return JsonNode::boolean(true);
  if (std::ranges::find(no, lower) != no.end()) return JsonNode::boolean(false);
  const std::string_view number = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
  JsonNode node;
  node.kind = JsonNode::Kind::number;
  if (is_integer(text)) {
    node.text = std::string(number);
    return node;
  }
  double value = 0;
  const char* end = number.data() + number.size();
  if (is_float(text)) {
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the end is given
    const auto [stop, error] = std::from_chars(number.data(), end, value);
    if (error == std::errc() && stop == end) {
      node.text = number_text(value);
      return node;
    }
  }
  return JsonNode::string(text);
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion): at most depth_max deep
JsonNode to_json_node(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::scalar:
      if (node.is_null()) return {};
      return node.style == YamlNode::Style::plain ? plain_value(node.text)
                                                  : JsonNode::string(node.text);
    case YamlNode::Kind::sequence: {
      JsonNode array = JsonNode::array();
      for (const auto& item : node.items) array.items.push_back(to_json_node(item));
      return array;
    }
    case YamlNode::Kind::mapping: {
      JsonNode object = JsonNode::object();
      object.keys = node.keys;
      for (const auto& item : node.items) object.items.push_back(to_json_node(item));
      return object;
    }
  }
  return {};  // not reached: every kind is named above
}

}  // namespace hub::registry
