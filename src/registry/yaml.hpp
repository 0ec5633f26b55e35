#pragma once
// YAML as manifests use it (libyaml events): anchors, merge keys, folded scalars, any script;
// within limits: 256 KiB, depth 32, 10,000 nodes and 1 MiB of text after alias expansion, one
// document, no duplicate keys, no custom tags. Pure, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "registry/json_text.hpp"

namespace hub::registry {

inline constexpr std::size_t manifest_bytes_max = std::size_t{256} << 10U;

struct YamlNode {
  enum class Kind { scalar, sequence, mapping };
  enum class Style { plain, quoted };

  Kind kind = Kind::scalar;
  Style style = Style::plain;
  std::string text;               // of a scalar, as written
  std::vector<std::string> keys;  // of a mapping; values are in `items`
  std::vector<YamlNode> items;
  int line = 0, column = 0;  // from 1

  bool is_null() const;  // a plain ~, null or nothing
  const YamlNode* find(std::string_view key) const;
};

// invalid with details {file, line, column}. Reasons: manifest_too_large, manifest_not_utf8,
// manifest_yaml_syntax, manifest_too_deep, manifest_too_many_nodes, manifest_multi_document,
// manifest_duplicate_key, manifest_tag_forbidden, manifest_not_mapping.
Result<YamlNode> parse_yaml(std::string_view bytes, const std::string& file);

// The error manifest_too_large, for who sees the size before the bytes.
Error too_large(const std::string& file, std::uint64_t observed_bytes);

// As YAML 1.1 understands plain scalars: null, booleans, integers and floats; all else is text.
JsonNode to_json_node(const YamlNode&);

}  // namespace hub::registry
