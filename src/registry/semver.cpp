#include "registry/semver.hpp"

#include <algorithm>
#include <charconv>

namespace hub::registry {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool has_leading_zero(std::string_view digits) { return digits.size() > 1 && digits[0] == '0'; }

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  if (!is_digits(text) || has_leading_zero(text)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Numbers of any length compare by value: by length first, since neither has leading zeros.
std::strong_ordering compare_identifiers(const std::string& a, const std::string& b) {
  const bool a_number = is_digits(a), b_number = is_digits(b);
  if (a_number != b_number) {
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (a_number && a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

}  // namespace

std::optional<Semver> parse_semver(std::string_view text) {
  constexpr std::size_t bytes_max = 256;
  if (text.size() > bytes_max) return std::nullopt;
  Semver version;
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    version.build = std::string(text.substr(plus + 1));
    text = text.substr(0, plus);
    if (!std::ranges::all_of(split(version.build, '.'), is_identifier)) return std::nullopt;
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = split(text.substr(dash + 1), '.');
    text = text.substr(0, dash);
    for (const auto& part : version.prerelease) {
      if (!is_identifier(part) || (is_digits(part) && has_leading_zero(part))) return std::nullopt;
    }
  }
  const auto numbers = split(text, '.');
  if (numbers.size() != 3) return std::nullopt;
  const auto major_number = parse_number(numbers[0]);
  const auto minor_number = parse_number(numbers[1]);
  const auto patch_number = parse_number(numbers[2]);
  if (!major_number || !minor_number || !patch_number) return std::nullopt;
  version.major_number = *major_number;
  version.minor_number = *minor_number;
  version.patch_number = *patch_number;
  return version;
}

std::strong_ordering compare(const Semver& a, const Semver& b) {
  if (const auto order = a.major_number <=> b.major_number; order != 0) return order;
  if (const auto order = a.minor_number <=> b.minor_number; order != 0) return order;
  if (const auto order = a.patch_number <=> b.patch_number; order != 0) return order;
  if (a.prerelease.empty() != b.prerelease.empty()) {
    return a.prerelease.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  return std::lexicographical_compare_three_way(a.prerelease.begin(), a.prerelease.end(),
                                                b.prerelease.begin(), b.prerelease.end(),
                                                compare_identifiers);
}

std::partial_ordering compare_versions(std::string_view a, std::string_view b) {
  const auto left = parse_semver(a), right = parse_semver(b);
  if (left && right) return compare(*left, *right);
  if (left) return std::partial_ordering::greater;
  if (right) return std::partial_ordering::less;
  return a == b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
}

}  // namespace hub::registry
