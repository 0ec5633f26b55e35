#include "registry/secrets.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>

#include "registry/text.hpp"

namespace hub::registry {
namespace {

constexpr std::string_view private_key = "private key";
constexpr std::string_view begin_mark = "-----BEGIN ";

struct TokenPattern {
  std::string_view prefix;
  std::size_t length_min;  // of what follows
  std::string_view kind;
};

constexpr std::array token_patterns{
    TokenPattern{"AKIA", 16, "AWS access key"},
    TokenPattern{"ASIA", 16, "AWS access key"},
    TokenPattern{"ghp_", 36, "GitHub token"},
    TokenPattern{"gho_", 36, "GitHub token"},
    TokenPattern{"ghs_", 36, "GitHub token"},
    TokenPattern{"github_pat_", 60, "GitHub token"},
    TokenPattern{"glpat-", 20, "GitLab token"},
    TokenPattern{"xoxb-", 24, "Slack token"},
    TokenPattern{"xoxp-", 24, "Slack token"},
    TokenPattern{"AIza", 35, "Google API key"},
    TokenPattern{"sk_live_", 24, "Stripe key"},
    TokenPattern{"npm_", 36, "npm token"},
    TokenPattern{"pypi-AgEIcHlwaS", 40, "PyPI token"},
};

std::uint16_t pair_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) |
                                    (static_cast<unsigned char>(bytes[at + 1]) << 8U));
}

// Every mark is at least four bytes long, so of any three neighbouring places one is where two of
// its first four bytes stand. Looking at every third place finds all.
constexpr std::size_t stride = 3;

const std::bitset<65536>& marked_pairs() {
  static const std::bitset<65536> pairs = [] {
    std::bitset<65536> marked;
    const auto mark = [&marked](std::string_view text) {
      for (std::size_t at = 0; at < stride; ++at) marked.set(pair_at(text, at));
    };
    for (const auto& pattern : token_patterns) mark(pattern.prefix);
    mark(begin_mark);
    return marked;
  }();
  return pairs;
}

bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

bool is_token(std::string_view bytes, std::size_t at, const TokenPattern& pattern) {
  const std::string_view rest = bytes.substr(at);
  if (!rest.starts_with(pattern.prefix) || (at > 0 && is_token_char(bytes[at - 1]))) return false;
  const std::string_view after = rest.substr(pattern.prefix.size(), pattern.length_min);
  return after.size() == pattern.length_min && std::ranges::all_of(after, is_token_char);
}

bool is_private_key(std::string_view rest) {
  constexpr std::size_t label_max = 40;
  if (!rest.starts_with(begin_mark)) return false;
  const std::string_view label = rest.substr(begin_mark.size(), label_max);
  const auto end = label.find("PRIVATE KEY");
  return end != std::string_view::npos && label.substr(0, end).find('-') == std::string_view::npos;
}

// The kind of secret that begins at this byte, or empty.
std::string_view kind_at(std::string_view bytes, std::size_t at) {
  if (is_private_key(bytes.substr(at))) return private_key;
  for (const auto& pattern : token_patterns) {
    if (is_token(bytes, at, pattern)) return pattern.kind;
  }
  return {};
}

std::string_view kind_by_name(std::string_view path) {
  const std::string name = ascii_lower(path.substr(path.rfind('/') + 1));
  constexpr std::array credentials{".env", ".netrc", ".npmrc", ".pypirc"};
  constexpr std::array keys{"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"};
  if (std::ranges::find(credentials, name) != credentials.end()) return "file of credentials";
  if (std::ranges::find(keys, name) != keys.end() || name.ends_with(".p12") ||
      name.ends_with(".pfx")) {
    return private_key;
  }
  return {};
}

// From this byte on.
std::optional<Secret> find_mark(std::string_view bytes, std::size_t first) {
  const auto& marked = marked_pairs();
  for (std::size_t at = 0; at + 1 < bytes.size(); at += stride) {
    if (!marked[pair_at(bytes, at)]) continue;
    for (std::size_t start = at - std::min(at, stride - 1); start <= at; ++start) {
      const std::string_view kind = start < first ? std::string_view() : kind_at(bytes, start);
      if (kind.empty()) continue;
      return Secret{kind, std::ranges::count(bytes.substr(0, start), '\n') + 1};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Secret> find_secret(std::string_view path, std::string_view bytes) {
  if (const auto kind = kind_by_name(path); !kind.empty()) return Secret{kind, 1};
  return find_mark(bytes, 0);
}

std::optional<Secret> find_secret_inside(std::string_view bytes) { return find_mark(bytes, 1); }

}  // namespace hub::registry
