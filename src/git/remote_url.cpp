#include "git/remote_url.hpp"

#include <algorithm>
#include <array>

namespace hub::git {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> refuse(std::string_view text, const std::string& why) {
  return fail(
      ErrorCode::invalid, "cannot use registry \"" + std::string(text) + "\": " + why,
      "registry_url_invalid",
      "give a path, or a URL that starts with file://, https://, http://, ssh:// or git://");
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
                        hex_value(text[at + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string without_credentials(const std::string& url) {
  const auto host = url.find("://") + 3;
  const auto at = url.find('@', host);
  if (at == std::string::npos || at > url.find('/', host)) return url;
  return url.substr(0, host) + url.substr(at + 1);
}

RemoteUrl local(std::string_view path) {
  RemoteUrl url;
  url.kind = RemoteKind::local;
  url.path = fs::absolute(fs::path(path)).lexically_normal();
  url.text = url.display = url.path.string();
  return url;
}

RemoteUrl network(std::string_view text, std::string display) {
  RemoteUrl url;
  url.kind = RemoteKind::network;
  url.text = std::string(text);
  url.display = std::move(display);
  return url;
}

}  // namespace

Result<RemoteUrl> parse_remote_url(std::string_view text) {
  if (text.empty()) return refuse(text, "it is empty");
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return refuse(text, "it has control characters");
  }
  if (text.front() == '-') return refuse(text, "it starts with a dash");
  if (const auto scheme_end = text.find("://"); scheme_end != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, scheme_end);
    if (scheme == "file") {
      const std::string path = decode_percent(text.substr(scheme_end + 3));
      if (!path.starts_with('/')) return refuse(text, "a file URL needs an absolute path");
      return local(path);
    }
    constexpr std::array known{"http", "https", "ssh", "git", "git+ssh", "ssh+git"};
    if (std::ranges::find(known, scheme) == known.end()) {
      return refuse(text, "unknown scheme " + std::string(scheme));
    }
    return network(text, without_credentials(std::string(text)));
  }
  if (text.find("::") != std::string_view::npos) return refuse(text, "remote helpers are not used");
  const auto colon = text.find(':');
  if (colon != std::string_view::npos &&
      text.substr(0, colon).find('/') == std::string_view::npos) {
    return network(text, std::string(text));  // host:path, as scp and git write it
  }
  return local(text);
}

}  // namespace hub::git
