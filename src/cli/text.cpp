#include "cli/text.hpp"

#include <algorithm>
#include <array>

#include <utf8proc.h>

namespace hub::cli {
namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::int32_t emoji_presentation = 0xFE0F;       // the character before it becomes wide

struct CodePoint {
  std::int32_t value = -1;  // -1: a broken byte
  std::size_t bytes = 1;
};

CodePoint next_code_point(std::string_view text) {
  std::array<utf8proc_uint8_t, 4> bytes{};  // the longest
  const auto count = std::min(text.size(), bytes.size());
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count), bytes.begin(),
                 [](char c) { return static_cast<utf8proc_uint8_t>(c); });
  CodePoint point;
  const auto length =
      utf8proc_iterate(bytes.data(), static_cast<utf8proc_ssize_t>(count), &point.value);
  if (length < 1) return {};
  point.bytes = static_cast<std::size_t>(length);
  return point;
}

bool turns_direction(std::int32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

bool is_space_or_control(std::int32_t c) {
  return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
         turns_direction(c);
}

// One character as a reader sees it: a code point with what attaches to it.
struct Cluster {
  std::size_t bytes = 0;
  int columns = 0;
};

Cluster next_cluster(std::string_view text) {
  auto point = next_code_point(text);
  Cluster cluster{point.bytes, point.value < 0 ? 1 : utf8proc_charwidth(point.value)};
  utf8proc_int32_t state = 0;
  while (cluster.bytes < text.size()) {
    const auto next = next_code_point(text.substr(cluster.bytes));
    if (next.value < 0 || point.value < 0 ||
        utf8proc_grapheme_break_stateful(point.value, next.value, &state)) {
      break;
    }
    cluster.bytes += next.bytes;
    if (next.value == emoji_presentation) {
      cluster.columns = std::max(cluster.columns, 2);
    } else {
      cluster.columns += utf8proc_charwidth(next.value);
    }
    point = next;
  }
  return cluster;
}

std::string_view code_of(Paint paint) {
  switch (paint) {
    case Paint::none: return "";
    case Paint::good: return "\x1b[32m";
    case Paint::bad: return "\x1b[31m";
    case Paint::warning: return "\x1b[33m";
    case Paint::busy: return "\x1b[36m";
    case Paint::dim: return "\x1b[2m";
    case Paint::strong: return "\x1b[1m";
  }
  return "";
}

constexpr std::string_view code_of_none = "\x1b[0m";

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto point = next_code_point(text);
    if (point.value < 0) {
      out += replacement;
    } else if (!is_space_or_control(point.value)) {
      out += text.substr(0, point.bytes);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    text.remove_prefix(point.bytes);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto point = next_code_point(text);
    const bool layout = point.value == '\n' || point.value == '\t' || point.value == ' ';
    if (point.value < 0) {
      out += replacement;
    } else if (layout || !is_space_or_control(point.value)) {
      out += text.substr(0, point.bytes);
    } else if (point.value != '\r') {
      out += ' ';
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

int width_of(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const auto cluster = next_cluster(text);
    columns += cluster.columns;
    text.remove_prefix(cluster.bytes);
  }
  return columns;
}

std::string cut(std::string_view text, int columns) {
  if (columns <= 0) return {};
  int taken = 0;
  std::size_t fits = 0;  // bytes that leave room for the ellipsis
  std::size_t at = 0;
  while (at < text.size()) {
    const auto cluster = next_cluster(text.substr(at));
    if (taken + cluster.columns > columns) {
      std::string out(text.substr(0, fits));
      while (!out.empty() && out.back() == ' ') out.pop_back();
      return out.append(ellipsis);
    }
    taken += cluster.columns;
    at += cluster.bytes;
    if (taken + 1 <= columns) fits = at;
  }
  return std::string(text);
}

std::vector<std::string> wrapped(std::string_view text, int columns) {
  columns = std::max(columns, 2);  // room for the widest character
  std::vector<std::string> lines;
  while (!text.empty()) {
    int taken = 0;
    std::size_t at = 0, after_space = 0;
    while (at < text.size()) {
      const auto cluster = next_cluster(text.substr(at));
      if (taken + cluster.columns > columns && text[at] != ' ') break;
      taken += cluster.columns;
      at += cluster.bytes;
      if (text[at - 1] == ' ') after_space = at;
    }
    const auto end = at < text.size() && after_space > 0 ? after_space : at;
    std::string line(text.substr(0, end));
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(std::move(line));
    text.remove_prefix(end);
  }
  return lines;
}

Line& Line::add(std::string text, Paint paint) {
  if (!text.empty()) spans_.push_back({std::move(text), paint});
  return *this;
}

Line& Line::add(const Line& other) {
  spans_.insert(spans_.end(), other.spans_.begin(), other.spans_.end());
  return *this;
}

Line& Line::to_column(int column) {
  const int now = width();
  const int missing = std::max(column - now, now > 0 ? 1 : 0);
  return add(std::string(static_cast<std::size_t>(missing), ' '));
}

int Line::width() const {
  int columns = 0;
  for (const auto& span : spans_) columns += width_of(span.text);
  return columns;
}

Line Line::cut_to(int columns) const {
  if (width() <= columns) return *this;
  Line line;
  int left = columns;
  for (std::size_t i = 0; i < spans_.size() && left > 0; ++i) {
    const auto& span = spans_[i];
    const int columns_of_span = width_of(span.text);
    // A span that fits to the last column still leaves something out, unless nothing follows.
    const bool last = columns_of_span >= left;
    line.add(last ? cut(span.text + " .", left) : span.text, span.paint);
    left -= columns_of_span;
  }
  return line;
}

std::string Line::text(Colours colours) const {
  std::string out;
  for (const auto& span : spans_) {
    const auto code = colours == Colours::yes ? code_of(span.paint) : std::string_view();
    out += code;
    out += span.text;
    if (!code.empty()) out += code_of_none;
  }
  return out;
}

std::string text_of(const Lines& lines, Colours colours) {
  std::string out;
  for (const auto& line : lines) {
    out += line.text(colours);
    out += '\n';
  }
  return out;
}

}  // namespace hub::cli
