#include "registry/json_difference.hpp"

#include "registry/json_text.hpp"

namespace hub::registry {
namespace {

JsonNode read(std::string_view text) {
  JsonCursor cursor(text);
  JsonNode node;
  cursor.read(node);
  return node;
}

// NOLINTNEXTLINE(misc-no-recursion): at most JsonCursor::depth_max deep
void collect(const JsonNode& before, const JsonNode& after, const std::string& prefix,
             std::vector<std::string>& keys) {
  const std::size_t found_before = keys.size();
  const auto visit = [&](const std::string& key) {
    const JsonNode* a = before.find(key);
    const JsonNode* b = after.find(key);
    if (a && b && *a == *b) return;
    if (a && b && a->is_object() && b->is_object()) {
      collect(*a, *b, prefix + key + ".", keys);
    } else {
      keys.push_back(prefix + key);
    }
  };
  for (const auto& key : before.keys) visit(key);
  for (const auto& key : after.keys) {
    if (!before.find(key)) visit(key);
  }
  if (keys.size() == found_before && !(before == after)) keys.push_back(prefix + "order");
}

}  // namespace

std::vector<std::string> differing_keys(std::string_view before, std::string_view after) {
  std::vector<std::string> keys;
  collect(read(before), read(after), "", keys);
  return keys;
}

}  // namespace hub::registry
