#include "cli/markdown_text.hpp"

#include <algorithm>

namespace hub::cli {
namespace {

using boost::json::array;
using boost::json::object;

constexpr int depth_max = 16;
constexpr int narrowest = 20;

std::string text(const object& node, const char* key) {
  const auto* found = node.if_contains(key);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

const array& children(const object& node, const char* key = "children") {
  static const array none;
  const auto* found = node.if_contains(key);
  return found && found->is_array() ? found->get_array() : none;
}

bool is_inline(const std::string& type) {
  return type == "text" || type == "code" || type == "strong" || type == "emphasis" ||
         type == "strike" || type == "link" || type == "image";
}

// What stands in a line: a link shows where it leads, an image its description.
std::string inline_text(const array& nodes, int depth) {
  std::string all;
  if (depth > depth_max) return all;
  for (const auto& value : nodes) {
    if (!value.is_object()) continue;
    const auto& node = value.get_object();
    const auto type = text(node, "type");
    if (type == "text" || type == "code") {
      all += text(node, "text");
    } else if (type == "image") {
      all += "[" + text(node, "alt") + "]";
    } else {
      const auto inner = inline_text(children(node), depth + 1);
      const auto href = text(node, "href");
      all += inner;
      if (!href.empty() && href != inner) all.append(" <").append(href).append(">");
    }
  }
  return all;
}

class Writer {
 public:
  explicit Writer(int columns) : columns_(columns) {}

  void blocks(const array& nodes, const std::string& margin, int depth) {
    if (depth > depth_max) return;
    array loose;  // of items that have no paragraphs
    const auto write_loose = [&] {
      if (!loose.empty()) paragraph(inline_text(loose, depth), margin);
      loose.clear();
    };
    for (const auto& value : nodes) {
      if (!value.is_object()) continue;
      if (is_inline(text(value.get_object(), "type"))) {
        loose.push_back(value);
      } else {
        write_loose();
        block(value.get_object(), margin, depth);
      }
    }
    write_loose();
  }

  Lines take() { return std::move(lines_); }

 private:
  void block(const object& node, const std::string& margin, int depth) {
    const auto type = text(node, "type");
    if (type == "heading") {
      gap();
      lines_.emplace_back(margin + printable(inline_text(children(node), depth)), Paint::strong);
    } else if (type == "paragraph") {
      paragraph(inline_text(children(node), depth), margin);
    } else if (type == "list") {
      list(node, margin, depth);
    } else if (type == "quote") {
      blocks(children(node), margin + "> ", depth + 1);
    } else if (type == "code_block") {
      code(text(node, "text"), margin);
    } else if (type == "rule") {
      lines_.emplace_back(margin + "----", Paint::dim);
    } else if (type == "row") {
      row(node, margin, depth);
    } else {
      blocks(children(node), margin, depth + 1);
    }
  }
  void paragraph(const std::string& words, const std::string& margin) {
    std::string rest = words;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      for (const auto& line : wrapped(printable(rest.substr(0, end)), room(margin))) {
        lines_.emplace_back(first_margin(margin) + line);
      }
      rest.erase(0, std::min(end + 1, rest.size()));
    }
  }
  void list(const object& node, const std::string& margin, int depth) {
    const auto* ordered = node.if_contains("ordered");
    const auto* start = node.if_contains("start");
    std::int64_t number = start && start->is_int64() ? start->get_int64() : 1;
    for (const auto& value : children(node)) {
      if (!value.is_object()) continue;
      const bool counts = ordered && ordered->is_bool() && ordered->get_bool();
      const auto* checked = value.get_object().if_contains("checked");
      const std::string mark = checked && checked->is_bool()
                                   ? (checked->get_bool() ? "[x] " : "[ ] ")
                               : counts ? std::to_string(number++) + ". "
                                        : "- ";
      mark_ = margin + mark;
      blocks(children(value.get_object()), margin + std::string(mark.size(), ' '), depth + 1);
      mark_.clear();
    }
  }
  void row(const object& node, const std::string& margin, int depth) {
    std::string words;
    for (const auto& cell : children(node)) {
      if (!cell.is_object()) continue;
      words += (words.empty() ? "" : " | ") + inline_text(children(cell.get_object()), depth);
    }
    lines_.emplace_back(margin + cut(printable(words), room(margin)));
  }
  void code(std::string source, const std::string& margin) {
    source = printable_lines(source);
    while (!source.empty()) {
      const auto end = std::min(source.find('\n'), source.size());
      lines_.emplace_back(margin + "    " + cut(source.substr(0, end), room(margin)), Paint::dim);
      source.erase(0, std::min(end + 1, source.size()));
    }
  }
  void gap() {
    if (!lines_.empty()) lines_.emplace_back("");
  }
  int room(const std::string& margin) const {
    return std::max(narrowest, columns_ - width_of(margin));
  }
  // The first line of an item begins with its mark.
  std::string first_margin(const std::string& margin) {
    if (mark_.empty()) return margin;
    return std::exchange(mark_, {});
  }

  const int columns_;
  std::string mark_;
  Lines lines_;
};

}  // namespace

Lines markdown_lines(const object& holder, int columns) {
  Writer writer(columns);
  writer.blocks(children(holder, "nodes"), "  ", 0);
  return writer.take();
}

}  // namespace hub::cli
