// Request lines: percent-decoding and normalisation of the path and the query.

#include <cstdint>

#include "http/message.hpp"

namespace hub::http {
namespace {

enum class Plus { is_plus, is_space };

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == Plus::is_space) {
      out.push_back(' ');
    } else if (text[at] != '%') {
      out.push_back(text[at]);
    } else {
      const int high = at + 1 < text.size() ? hex_digit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    }
  }
  return out;
}

// How many bytes the UTF-8 sequence at the start of `text` has; 0 when it is none (overlong
// forms, surrogates and what is above U+10FFFF included).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t at) -> std::uint32_t {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0U;
  };
  const auto continues = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_good_segment(std::string_view segment) {
  if (segment == "." || segment == "..") return false;
  for (const char c : segment) {
    if (c == '/' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20 || c == '\x7f') return false;
  }
  return is_utf8(segment);
}

tl::unexpected<Error> bad_target(std::string_view why) {
  return fail(ErrorCode::invalid, "cannot read the request path: " + std::string(why),
              "path_invalid");
}

Result<std::string> read_path(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') return bad_target("want one that begins with /");
  std::string path;
  while (!raw.empty()) {
    raw.remove_prefix(1);  // the slash
    const auto end = std::min(raw.find('/'), raw.size());
    const auto segment = percent_decoded(raw.substr(0, end), Plus::is_plus);
    raw.remove_prefix(end);
    if (!segment) return bad_target("a % without two hexadecimal digits");
    if (segment->empty()) continue;
    if (!is_good_segment(*segment)) return bad_target("a segment that no path of ours has");
    path += '/' + *segment;
  }
  if (path.empty()) path = "/";
  return path;
}

}  // namespace

Result<> read_target(std::string_view target, Request& into) {
  const auto question = std::min(target.find('?'), target.size());
  HUB_TRY(path, read_path(target.substr(0, question)));
  target.remove_prefix(std::min(question + 1, target.size()));
  std::multimap<std::string, std::string> query;
  while (!target.empty()) {
    const auto end = std::min(target.find('&'), target.size());
    const auto pair = target.substr(0, end);
    target.remove_prefix(std::min(end + 1, target.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals), Plus::is_space);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), Plus::is_space);
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) {
      return fail(ErrorCode::invalid,
                  "cannot read the query: a bad % escape, or bytes that are not UTF-8",
                  "query_invalid");
    }
    query.emplace(*std::move(name), *std::move(value));
  }
  into.path = std::move(path);
  into.query = std::move(query);
  return {};
}

}  // namespace hub::http
