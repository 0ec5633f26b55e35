#include "http/multipart.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hub::http {
namespace {

constexpr std::string_view type = "multipart/form-data";
constexpr std::size_t boundary_bytes_max = 70;  // RFC 2046

tl::unexpected<Error> broken(const std::string& why) {
  return fail(ErrorCode::invalid, "cannot read the upload: " + why, "body_not_multipart",
              "send multipart/form-data, as curl -F does");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// The value of `key` in "form-data; name=\"file\"; filename=\"a/b.py\"".
std::optional<std::string> parameter(std::string_view header, std::string_view key) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos && at < header.size()) {
    ++at;
    const auto equals = header.find('=', at);
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name = lower(trimmed(header.substr(at, equals - at)));
    std::string value;
    at = equals + 1;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        const bool escape = header[at] == '\\' && at + 1 < header.size() &&
                            (header[at + 1] == '"' || header[at + 1] == '\\');
        if (escape) ++at;
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const auto end = header.find(';', at);
      value = trimmed(header.substr(at, end == std::string_view::npos ? end : end - at));
      at = end;
    }
    if (name == key) return value;
  }
  return std::nullopt;
}

Result<Part> part_of(std::string_view head, std::string_view bytes) {
  Part part;
  part.bytes = bytes;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    head = end == std::string_view::npos ? std::string_view() : head.substr(end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return broken("a part has a header without a colon");
    if (lower(line.substr(0, colon)) != "content-disposition") continue;
    const auto value = line.substr(colon + 1);
    part.name = parameter(value, "name").value_or("");
    part.file_name = parameter(value, "filename");
  }
  if (part.name.empty()) return broken("a part has no name");
  return part;
}

}  // namespace

bool is_multipart(const Request& request) {
  return lower(request.header("content-type").substr(0, type.size())) == type;
}

Result<std::vector<Part>> read_multipart(const Request& request) {
  const auto boundary = parameter(request.header("content-type"), "boundary");
  if (!is_multipart(request) || !boundary || boundary->empty() ||
      boundary->size() > boundary_bytes_max) {
    return broken("its Content-Type has no usable boundary");
  }
  const std::string between = "\r\n--" + *boundary;
  std::string_view rest = request.body;
  // The first boundary may come without a line before it.
  if (rest.starts_with(std::string_view(between).substr(2))) {
    rest.remove_prefix(between.size() - 2);
  } else {
    const auto first = rest.find(between);
    if (first == std::string_view::npos) return broken("it has no boundary");
    rest.remove_prefix(first + between.size());
  }
  std::vector<Part> parts;
  while (!rest.starts_with("--")) {
    const auto line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos) return broken("it ends too soon");
    rest.remove_prefix(line_end);
    const auto head_end = rest.find("\r\n\r\n");
    if (head_end > part_head_bytes_max) {  // or nowhere
      return broken("a part has no end of its headers");
    }
    const auto head = head_end < 2 ? std::string_view() : rest.substr(2, head_end - 2);
    rest.remove_prefix(head_end + 4);
    const auto end = rest.find(between);
    if (end == std::string_view::npos) return broken("it ends too soon");
    if (parts.size() == parts_max) {
      return fail(ErrorCode::invalid, "cannot read the upload: it has too many parts",
                  "too_many_parts", "send fewer files", {{"limit", parts_max}});
    }
    HUB_TRY(part, part_of(head, rest.substr(0, end)));
    parts.push_back(std::move(part));
    rest.remove_prefix(end + between.size());
  }
  return parts;
}

}  // namespace hub::http
