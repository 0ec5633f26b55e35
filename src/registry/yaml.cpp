#include "registry/yaml.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <yaml.h>

#include "registry/text.hpp"

namespace hub::registry {

bool YamlNode::is_null() const {
  return kind == Kind::scalar && style == Style::plain &&
         (text.empty() || text == "~" || ascii_lower(text) == "null");
}

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto at = std::ranges::find(keys, key);
  return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

namespace {

constexpr int depth_max = 32;
constexpr std::int64_t nodes_max = 10'000;
constexpr std::int64_t text_bytes_max = std::int64_t{1} << 20U;
constexpr const char* mend_syntax =
    "mend the YAML there; a text with special characters goes in quotes";
constexpr std::string_view core_tag = "tag:yaml.org,2002:";

struct Place {
  int line = 1, column = 1;
};

tl::unexpected<Error> refuse(const std::string& file, Place at, const std::string& why,
                             const char* reason, const std::string& hint,
                             boost::json::object details = {}) {
  details["file"] = file;
  details["line"] = at.line;
  details["column"] = at.column;
  return fail(ErrorCode::invalid,
              "cannot read " + file + ": line " + std::to_string(at.line) + ", column " +
                  std::to_string(at.column) + ": " + why,
              reason, hint, std::move(details));
}

Place place_of(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

class Event {
 public:
  Event() = default;
  ~Event() { yaml_event_delete(&raw); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  Place place() const { return place_of(raw.start_mark); }

  yaml_event_t raw{};
};

std::string text_of(const yaml_char_t* text) {
  return text ? reinterpret_cast<const char*>(text) : std::string();
}

// What a subtree costs, so that an alias is paid for before it is copied.
struct Cost {
  std::int64_t nodes = 0;
  std::int64_t text_bytes = 0;
  int depth = 0;
};

Cost cost_of(const YamlNode& node) {
  Cost cost{1, static_cast<std::int64_t>(node.text.size()), 1};
  for (const auto& key : node.keys) cost.text_bytes += static_cast<std::int64_t>(key.size());
  for (const auto& item : node.items) {
    const Cost below = cost_of(item);
    cost.nodes += below.nodes;
    cost.text_bytes += below.text_bytes;
    cost.depth = std::max(cost.depth, below.depth + 1);
  }
  return cost;
}

struct Kept {
  YamlNode node;
  Cost cost;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& file) : file_(file) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                 bytes.size());
  }
  ~Reader() { yaml_parser_delete(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<YamlNode> read_document() {
    HUB_CHECK(expect(YAML_STREAM_START_EVENT));
    {
      Event event;
      HUB_CHECK(next(event));
      if (event.raw.type == YAML_STREAM_END_EVENT) {
        return refuse(file_, event.place(), "the file is empty", "manifest_not_mapping",
                      "write keys and values, at least version: \"1.0.0\"",
                      {{"observed", "nothing"}});
      }
    }
    Event first;
    HUB_CHECK(next(first));
    HUB_TRY(root, read_node(first, 1));
    HUB_CHECK(expect(YAML_DOCUMENT_END_EVENT));
    Event after;
    HUB_CHECK(next(after));
    if (after.raw.type != YAML_STREAM_END_EVENT) {
      return refuse(file_, after.place(), "a second document starts here",
                    "manifest_multi_document", "keep one document, remove the rest",
                    {{"limit", 1}, {"observed", 2}});
    }
    return root;
  }

 private:
  Result<> next(Event& event) {
    if (yaml_parser_parse(&parser_, &event.raw) == 1) return {};
    const std::string context = parser_.context ? std::string(", ") + parser_.context : "";
    const std::string problem = parser_.problem ? parser_.problem : "this is not YAML";
    const yaml_mark_t& mark =
        parser_.error == YAML_READER_ERROR ? parser_.mark : parser_.problem_mark;
    return refuse(file_, place_of(mark), problem + context, "manifest_yaml_syntax", mend_syntax,
                  {{"observed", problem}});
  }

  Result<> expect(yaml_event_type_t type) {
    Event event;
    HUB_CHECK(next(event));
    if (event.raw.type == type) return {};
    return refuse(file_, event.place(), "unexpected YAML", "manifest_yaml_syntax", mend_syntax,
                  {{"observed", "unexpected YAML"}});
  }

  Result<> pay(const Cost& cost, int depth, Place at) {
    nodes_ += cost.nodes;
    text_bytes_ += cost.text_bytes;
    if (depth + cost.depth - 1 > depth_max) {
      return refuse(file_, at, "more than " + std::to_string(depth_max) + " levels deep",
                    "manifest_too_deep", "nest it less deeply",
                    {{"limit", depth_max}, {"observed", depth + cost.depth - 1}});
    }
    if (nodes_ > nodes_max) return too_many(at, "values", nodes_max, nodes_);
    if (text_bytes_ > text_bytes_max)
      return too_many(at, "bytes of text", text_bytes_max, text_bytes_);
    return {};
  }

  tl::unexpected<Error> too_many(Place at, const char* what, std::int64_t limit,
                                 std::int64_t observed) const {
    return refuse(file_, at,
                  "more than " + std::to_string(limit) + " " + what + ", aliases counted",
                  "manifest_too_many_nodes", "move data out of the manifest into files of its own",
                  {{"limit", limit}, {"observed", observed}});
  }

  // An anchor keeps a copy of what it names, anchors inside anchors several.
  Result<> keep(const std::string& anchor, const YamlNode& node) {
    Kept kept{node, cost_of(node)};
    anchored_nodes_ += kept.cost.nodes;
    anchored_bytes_ += kept.cost.text_bytes;
    const Place at{node.line, node.column};
    if (anchored_nodes_ > 2 * nodes_max) {
      return too_many(at, "values under anchors", 2 * nodes_max, anchored_nodes_);
    }
    if (anchored_bytes_ > 2 * text_bytes_max) {
      return too_many(at, "bytes of text under anchors", 2 * text_bytes_max, anchored_bytes_);
    }
    anchors_[anchor] = std::move(kept);
    return {};
  }

  Result<> check_tag(const yaml_char_t* raw, Place at, YamlNode& node) {
    const std::string tag = text_of(raw);
    if (tag.empty()) return {};
    constexpr std::array known{"str", "int", "float", "bool", "null", "seq", "map"};
    const bool core = tag.starts_with(core_tag) &&
                      std::ranges::find(known, tag.substr(core_tag.size())) != known.end();
    if (!core) {
      return refuse(file_, at, "the tag " + tag + " is not used here", "manifest_tag_forbidden",
                    "remove the tag", {{"observed", tag}});
    }
    if (tag.ends_with(":str")) node.style = YamlNode::Style::quoted;
    return {};
  }

  // NOLINTNEXTLINE(misc-no-recursion): at most depth_max deep
  Result<YamlNode> read_node(const Event& event, int depth) {
    const Place at = event.place();
    YamlNode node;
    node.line = at.line;
    node.column = at.column;
    std::string anchor;
    if (event.raw.type == YAML_ALIAS_EVENT) return read_alias(event, depth);
    if (event.raw.type == YAML_SCALAR_EVENT) {
      const auto& scalar = event.raw.data.scalar;
      anchor = text_of(scalar.anchor);
      node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
      node.style = scalar.style == YAML_PLAIN_SCALAR_STYLE ? YamlNode::Style::plain
                                                           : YamlNode::Style::quoted;
      HUB_CHECK(check_tag(scalar.tag, at, node));
      HUB_CHECK(pay({1, static_cast<std::int64_t>(scalar.length), 1}, depth, at));
    } else if (event.raw.type == YAML_SEQUENCE_START_EVENT) {
      anchor = text_of(event.raw.data.sequence_start.anchor);
      HUB_CHECK(check_tag(event.raw.data.sequence_start.tag, at, node));
      HUB_CHECK(pay({1, 0, 1}, depth, at));
      HUB_CHECK(read_sequence(node, depth));
    } else if (event.raw.type == YAML_MAPPING_START_EVENT) {
      anchor = text_of(event.raw.data.mapping_start.anchor);
      HUB_CHECK(check_tag(event.raw.data.mapping_start.tag, at, node));
      HUB_CHECK(pay({1, 0, 1}, depth, at));
      HUB_CHECK(read_mapping(node, depth));
    } else {
      return refuse(file_, at, "unexpected YAML", "manifest_yaml_syntax", mend_syntax,
                    {{"observed", "unexpected YAML"}});
    }
    if (!anchor.empty()) HUB_CHECK(keep(anchor, node));
    return node;
  }

  Result<YamlNode> read_alias(const Event& event, int depth) {
    const std::string name = text_of(event.raw.data.alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return refuse(file_, event.place(), "the alias *" + name + " names nothing before it",
                    "manifest_yaml_syntax", "write &" + name + " before what it should name",
                    {{"observed", "*" + name}});
    }
    HUB_CHECK(pay(found->second.cost, depth, event.place()));
    return found->second.node;
  }

  // NOLINTNEXTLINE(misc-no-recursion): at most depth_max deep
  Result<> read_sequence(YamlNode& node, int depth) {
    node.kind = YamlNode::Kind::sequence;
    for (;;) {
      Event event;
      HUB_CHECK(next(event));
      if (event.raw.type == YAML_SEQUENCE_END_EVENT) return {};
      HUB_TRY(item, read_node(event, depth + 1));
      node.items.push_back(std::move(item));
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): at most depth_max deep
  Result<> read_mapping(YamlNode& node, int depth) {
    node.kind = YamlNode::Kind::mapping;
    std::vector<YamlNode> merged;
    std::set<std::string> seen;
    for (;;) {
      Event event;
      HUB_CHECK(next(event));
      if (event.raw.type == YAML_MAPPING_END_EVENT) break;
      HUB_TRY(key, read_node(event, depth + 1));
      if (key.kind != YamlNode::Kind::scalar) {
        return refuse(file_, event.place(), "a key must be text", "manifest_yaml_syntax",
                      "write the key as text", {{"observed", "a list or a mapping"}});
      }
      Event value_event;
      HUB_CHECK(next(value_event));
      HUB_TRY(value, read_node(value_event, depth + 1));
      if (key.text == "<<" && key.style == YamlNode::Style::plain) {
        merged.push_back(std::move(value));
        continue;
      }
      if (!seen.insert(key.text).second) {
        return refuse(file_, event.place(), "the key \"" + key.text + "\" is there twice",
                      "manifest_duplicate_key", "keep one of the two", {{"observed", key.text}});
      }
      node.keys.push_back(std::move(key.text));
      node.items.push_back(std::move(value));
    }
    for (const auto& one : merged) HUB_CHECK(merge(node, one, seen));
    return {};
  }

  // "<<": what the mapping does not say itself. Paid for when it was read.
  Result<> merge(YamlNode& node, const YamlNode& from, std::set<std::string>& seen) {
    if (from.kind == YamlNode::Kind::mapping) {
      for (std::size_t at = 0; at < from.keys.size(); ++at) {
        if (!seen.insert(from.keys[at]).second) continue;
        node.keys.push_back(from.keys[at]);
        node.items.push_back(from.items[at]);
      }
      return {};
    }
    for (const auto& one : from.items) {
      if (one.kind == YamlNode::Kind::mapping) HUB_CHECK(merge(node, one, seen));
    }
    if (from.kind == YamlNode::Kind::sequence) return {};
    return refuse(file_, {from.line, from.column}, "<< wants a mapping", "manifest_yaml_syntax",
                  "give it an alias of a mapping, or remove it", {{"observed", from.text}});
  }

  yaml_parser_t parser_{};
  const std::string& file_;
  std::map<std::string, Kept> anchors_;
  std::int64_t anchored_nodes_ = 0;
  std::int64_t anchored_bytes_ = 0;
  std::int64_t nodes_ = 0;
  std::int64_t text_bytes_ = 0;
};

}  // namespace

Error too_large(const std::string& file, std::uint64_t observed_bytes) {
  return Error{
      ErrorCode::invalid,
      "cannot read " + file + ": larger than " + std::to_string(manifest_bytes_max) + " bytes",
      "manifest_too_large",
      "move data out of the manifest into files of its own",
      {{"file", file}, {"line", 1}, {"limit", manifest_bytes_max}, {"observed", observed_bytes}}};
}

Result<YamlNode> parse_yaml(std::string_view bytes, const std::string& file) {
  if (bytes.size() > manifest_bytes_max) return tl::unexpected(too_large(file, bytes.size()));
  if (const auto good = utf8_prefix(bytes); good != bytes.size()) {
    const TextPlace place = place_in(bytes, good);
    const Place at{static_cast<int>(place.line), static_cast<int>(place.column)};
    return refuse(file, at, "this is not UTF-8", "manifest_not_utf8", "save the file as UTF-8",
                  {{"observed", static_cast<unsigned char>(bytes[good])}});
  }
  Reader reader(bytes, file);
  HUB_TRY(root, reader.read_document());
  if (root.kind != YamlNode::Kind::mapping) {
    return refuse(file, {root.line, root.column}, "want a mapping of keys and values",
                  "manifest_not_mapping", "write keys and values, at least version: \"1.0.0\"",
                  {{"observed", root.kind == YamlNode::Kind::sequence ? "a list" : "text"}});
  }
  return root;
}

}  // namespace hub::registry
