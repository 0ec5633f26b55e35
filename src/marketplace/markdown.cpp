#include "marketplace/markdown.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <md4c.h>
#include <utf8proc.h>

#include "registry/semver.hpp"
#include "registry/text.hpp"

namespace hub::marketplace {
namespace {

constexpr std::size_t link_bytes_max = 2'048;
constexpr std::int32_t replacement = 0xFFFD;

std::string encoded(std::int32_t codepoint) {
  const bool usable = codepoint > 0 && utf8proc_codepoint_valid(codepoint);
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto size = utf8proc_encode_char(usable ? codepoint : replacement, bytes.data());
  return {bytes.begin(), bytes.begin() + size};
}

// Characters that show nothing and change what others look like: controls, and marks that turn the
// direction of a text.
bool is_unseen(std::int32_t codepoint) {
  const bool control = codepoint < 0x20 && codepoint != '\n' && codepoint != '\t';
  const bool embedding = codepoint >= 0x202A && codepoint <= 0x202E;
  const bool isolate = codepoint >= 0x2066 && codepoint <= 0x2069;
  return control || (codepoint >= 0x7F && codepoint < 0xA0) || embedding || isolate ||
         codepoint == 0xFEFF;
}

std::string clean(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::int32_t codepoint = -1;
    const auto size = utf8proc_iterate(
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()), &codepoint);
    const std::size_t taken = size > 0 ? static_cast<std::size_t>(size) : 1;
    if (size <= 0) {
      out += encoded(replacement);
    } else if (!is_unseen(codepoint)) {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return out;
}

// "&amp;", "&#58;", "&#x3A;". A name we do not know stays as it is written.
std::string entity_text(std::string_view entity) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> named{{{"&amp;", "&"},
                                                                                 {"&lt;", "<"},
                                                                                 {"&gt;", ">"},
                                                                                 {"&quot;", "\""},
                                                                                 {"&apos;", "'"},
                                                                                 {"&nbsp;", " "},
                                                                                 {"&ndash;", "–"},
                                                                                 {"&mdash;", "—"},
                                                                                 {"&hellip;", "…"},
                                                                                 {"&laquo;", "«"},
                                                                                 {"&raquo;", "»"},
                                                                                 {"&copy;", "©"},
                                                                                 {"&reg;", "®"},
                                                                                 {"&trade;", "™"},
                                                                                 {"&rarr;", "→"},
                                                                                 {"&times;", "×"}}};
  for (const auto& [name, text] : named) {
    if (entity == name) return std::string(text);
  }
  if (!entity.starts_with("&#") || entity.size() < 4) return std::string(entity);
  const bool hex = entity[2] == 'x' || entity[2] == 'X';
  const char* begin = entity.data() + (hex ? 3 : 2);
  const char* end = entity.data() + entity.size() - 1;  // the semicolon
  std::int32_t codepoint = replacement;
  const auto [stop, error] = std::from_chars(begin, end, codepoint, hex ? 16 : 10);
  return encoded(error == std::errc{} && stop == end ? codepoint : replacement);
}

std::string text_of(const MD_ATTRIBUTE& attribute) {
  std::string text;
  for (std::size_t at = 0; attribute.size > 0 && attribute.substr_offsets[at] < attribute.size;
       ++at) {
    const auto begin = attribute.substr_offsets[at];
    const std::string_view part(attribute.text + begin, attribute.substr_offsets[at + 1] - begin);
    text += attribute.substr_types[at] == MD_TEXT_ENTITY ? entity_text(part) : std::string(part);
  }
  return clean(text);
}

// Where a link may lead; empty for anywhere else.
std::string safe_link(std::string link) {
  const std::string lower = registry::ascii_lower(link.substr(0, 16));
  const bool known =
      lower.starts_with("https://") || lower.starts_with("http://") || lower.starts_with("mailto:");
  const bool odd = std::ranges::any_of(
      link, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\\' || c == '"'; });
  return known && !odd && link.size() <= link_bytes_max ? link : std::string();
}

const char* align_of(MD_ALIGN align) {
  switch (align) {
    case MD_ALIGN_LEFT: return "left";
    case MD_ALIGN_CENTER: return "center";
    case MD_ALIGN_RIGHT: return "right";
    case MD_ALIGN_DEFAULT: break;
  }
  return "";
}

// Takes what md4c tells, in order.
class Builder {
 public:
  Builder() { open_.push_back({{}, Kind::kept}); }

  int enter(boost::json::object node) {
    if (++nodes_ > markdown_nodes_max) return stop();
    const bool deep = open_.size() > markdown_depth_max;
    open_.push_back({std::move(node), deep ? Kind::passed : Kind::kept});
    return 0;
  }
  // Its children stand where it would.
  int enter_nothing() {
    open_.push_back({{}, Kind::passed});
    return 0;
  }
  int leave() {
    if (open_.size() < 2) return 0;
    Open done = std::move(open_.back());
    open_.pop_back();
    auto& into = open_.back().children;
    if (done.kind == Kind::passed) {
      for (auto& child : done.children) {
        if (child.as_object().at("type") != "text" || !joined(into, child)) {
          into.push_back(std::move(child));
        }
      }
      return 0;
    }
    const std::string_view type = done.node.at("type").as_string();
    if (type == "image" || type == "code" || type == "code_block") {
      done.node[type == "image" ? "alt" : "text"] = plain_text(done.children);
    } else if (type != "rule") {
      done.node["children"] = std::move(done.children);
    }
    into.push_back(std::move(done.node));
    return 0;
  }
  int text(const std::string& text) {
    if (text.empty()) return 0;
    auto& into = open_.back().children;
    boost::json::value node = boost::json::object{{"type", "text"}, {"text", text}};
    if (joined(into, node)) return 0;
    if (++nodes_ > markdown_nodes_max) return stop();
    into.push_back(std::move(node));
    return 0;
  }

  Document finished() {
    while (open_.size() > 1) leave();
    return {std::move(open_.front().children), truncated_};
  }

 private:
  enum class Kind { kept, passed };
  struct Open {
    boost::json::object node;
    Kind kind = Kind::kept;
    boost::json::array children = {};
  };
  // A text after a text becomes one with it.
  static bool joined(boost::json::array& into, const boost::json::value& text) {
    if (into.empty() || into.back().as_object().at("type") != "text") return false;
    into.back().as_object().at("text").as_string().append(text.as_object().at("text").as_string());
    return true;
  }
  int stop() {
    truncated_ = true;
    return 1;
  }

  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  bool truncated_ = false;
};

boost::json::object node_of(const char* type) { return {{"type", type}}; }

template <class Detail>
const Detail& detail_of(void* detail) {
  return *static_cast<const Detail*>(detail);
}

int enter_block(MD_BLOCKTYPE type, void* detail, void* into) {
  auto& builder = *static_cast<Builder*>(into);
  auto node = node_of("paragraph");
  switch (type) {
    case MD_BLOCK_DOC:
    case MD_BLOCK_THEAD:
    case MD_BLOCK_TBODY: return builder.enter_nothing();
    case MD_BLOCK_QUOTE: return builder.enter(node_of("quote"));
    case MD_BLOCK_UL:
      node = node_of("list");
      node["ordered"] = false;
      return builder.enter(std::move(node));
    case MD_BLOCK_OL:
      node = node_of("list");
      node["ordered"] = true;
      node["start"] = detail_of<MD_BLOCK_OL_DETAIL>(detail).start;
      return builder.enter(std::move(node));
    case MD_BLOCK_LI: {
      const auto& item = detail_of<MD_BLOCK_LI_DETAIL>(detail);
      node = node_of("item");
      if (item.is_task != 0) node["checked"] = item.task_mark != ' ';
      return builder.enter(std::move(node));
    }
    case MD_BLOCK_HR: return builder.enter(node_of("rule"));
    case MD_BLOCK_H:
      node = node_of("heading");
      node["level"] = detail_of<MD_BLOCK_H_DETAIL>(detail).level;
      return builder.enter(std::move(node));
    case MD_BLOCK_CODE:
      node = node_of("code_block");
      node["language"] = text_of(detail_of<MD_BLOCK_CODE_DETAIL>(detail).lang);
      return builder.enter(std::move(node));
    case MD_BLOCK_HTML:
    case MD_BLOCK_P: return builder.enter(std::move(node));
    case MD_BLOCK_TABLE: return builder.enter(node_of("table"));
    case MD_BLOCK_TR: return builder.enter(node_of("row"));
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      node = node_of("cell");
      node["header"] = type == MD_BLOCK_TH;
      node["align"] = align_of(detail_of<MD_BLOCK_TD_DETAIL>(detail).align);
      return builder.enter(std::move(node));
  }
  return builder.enter_nothing();
}

int enter_span(MD_SPANTYPE type, void* detail, void* into) {
  auto& builder = *static_cast<Builder*>(into);
  switch (type) {
    case MD_SPAN_EM: return builder.enter(node_of("emphasis"));
    case MD_SPAN_STRONG: return builder.enter(node_of("strong"));
    case MD_SPAN_DEL: return builder.enter(node_of("strike"));
    case MD_SPAN_CODE: return builder.enter(node_of("code"));
    case MD_SPAN_IMG: return builder.enter(node_of("image"));
    case MD_SPAN_A: {
      const std::string link = safe_link(text_of(detail_of<MD_SPAN_A_DETAIL>(detail).href));
      if (link.empty()) return builder.enter_nothing();
      auto node = node_of("link");
      node["href"] = link;
      return builder.enter(std::move(node));
    }
    case MD_SPAN_U:
    case MD_SPAN_WIKILINK:
    case MD_SPAN_LATEXMATH:
    case MD_SPAN_LATEXMATH_DISPLAY: break;
  }
  return builder.enter_nothing();
}

int take_text(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* into) {
  auto& builder = *static_cast<Builder*>(into);
  switch (type) {
    case MD_TEXT_NULLCHAR: return builder.text(encoded(replacement));
    case MD_TEXT_BR: return builder.text("\n");
    case MD_TEXT_SOFTBR: return builder.text(" ");
    case MD_TEXT_ENTITY: return builder.text(clean(entity_text({text, size})));
    case MD_TEXT_NORMAL:
    case MD_TEXT_CODE:
    case MD_TEXT_HTML:
    case MD_TEXT_LATEXMATH: break;
  }
  return builder.text(clean({text, size}));
}

int leave_block(MD_BLOCKTYPE, void*, void* into) { return static_cast<Builder*>(into)->leave(); }
int leave_span(MD_SPANTYPE, void*, void* into) { return static_cast<Builder*>(into)->leave(); }

// "[1.2.0] - 2026-01-02", "v1.2.0: calmer"
std::string version_in(const std::string& heading) {
  std::string word;
  for (const char c : heading + ' ') {
    if (c != ' ' && c != '[' && c != ']' && c != '(' && c != ')' && c != ',' && c != ':') {
      word += c;
      continue;
    }
    if (word.starts_with('v')) word.erase(0, 1);
    if (registry::parse_semver(word)) return word;
    word.clear();
  }
  return {};
}

}  // namespace

Document read_markdown(std::string_view text) {
  const bool cut = text.size() > markdown_bytes_max;
  if (cut) text = text.substr(0, markdown_bytes_max);
  MD_PARSER parser{};
  parser.flags = MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS |
                 MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_COLLAPSEWHITESPACE;
  parser.enter_block = enter_block;
  parser.leave_block = leave_block;
  parser.enter_span = enter_span;
  parser.leave_span = leave_span;
  parser.text = take_text;
  Builder builder;
  md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &builder);
  Document document = builder.finished();
  document.truncated = document.truncated || cut;
  return document;
}

std::string plain_text(const boost::json::array& nodes) {
  std::string text;
  for (const auto& value : nodes) {
    const auto& node = value.as_object();
    for (const char* key : {"text", "alt"}) {
      if (const auto* found = node.if_contains(key)) text += std::string(found->as_string());
    }
    if (const auto* children = node.if_contains("children")) {
      text += plain_text(children->as_array());
    }
  }
  return text;
}

std::vector<ChangelogPart> parts_of_changelog(const Document& document) {
  std::vector<ChangelogPart> parts;
  for (const auto& value : document.nodes) {
    const auto& node = value.as_object();
    if (node.at("type") == "heading") {
      std::string title = plain_text(node.at("children").as_array());
      if (std::string version = version_in(title); !version.empty()) {
        parts.push_back({std::move(version), std::move(title), {}});
        continue;
      }
    }
    if (!parts.empty()) parts.back().nodes.push_back(value);
  }
  return parts;
}

}  // namespace hub::marketplace
