#include "registry/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include <utf8proc.h>

namespace hub::registry {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Empty optional in all but name: false when the text is not UTF-8.
bool map_text(std::string_view text, int options, std::string& out) {
  utf8proc_uint8_t* mapped = nullptr;
  // utf8proc takes a set of flags in an enum.
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
  const auto flags = static_cast<utf8proc_option_t>(options);
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, flags);
  if (size < 0) return false;
  out.assign(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
  std::free(mapped);  // NOLINT(cppcoreguidelines-no-malloc): utf8proc allocates with malloc
  return true;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  std::size_t good = 0;
  while (good < text.size()) {
    utf8proc_int32_t codepoint = 0;
    const auto left = static_cast<utf8proc_ssize_t>(text.size() - good);
    const utf8proc_ssize_t size = utf8proc_iterate(bytes + good, left, &codepoint);
    if (size <= 0) break;
    good += static_cast<std::size_t>(size);
  }
  return good;
}

bool is_utf8(std::string_view text) { return utf8_prefix(text) == text.size(); }

bool is_nfc(std::string_view text) {
  if (is_ascii(text)) return true;
  std::string composed;
  return map_text(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE, composed) && composed == text;
}

std::string fold(std::string_view text) {
  if (is_ascii(text)) return ascii_lower(text);
  std::string folded;
  // Folding may take a composed character apart, so once more.
  if (!map_text(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD, folded)) {
    return std::string(text);
  }
  std::string settled;
  map_text(folded, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD, settled);
  return settled;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& candidates,
                                       std::size_t count) {
  constexpr std::size_t wanted_bytes_max = 200;
  const std::string goal = fold(wanted.substr(0, wanted_bytes_max));
  const std::size_t distance_max = std::max<std::size_t>(2, goal.size() / 4);
  struct Found {
    bool apart;  // false: one contains the other
    std::size_t distance;
    std::string name;
  };
  std::vector<Found> found;
  for (const auto& name : candidates) {
    const std::string folded = fold(name);
    const bool contains =
        goal.size() >= 2 && folded.size() >= 2 &&
        (folded.find(goal) != std::string::npos || goal.find(folded) != std::string::npos);
    const std::size_t gap =
        folded.size() > goal.size() ? folded.size() - goal.size() : goal.size() - folded.size();
    if (!contains && gap > distance_max) continue;
    const std::size_t distance = edit_distance(goal, folded);
    if (contains || distance <= distance_max) found.push_back({!contains, distance, name});
  }
  std::ranges::sort(found, {},
                    [](const Found& one) { return std::tie(one.apart, one.distance, one.name); });
  std::vector<std::string> names;
  for (const auto& one : found) {
    if (names.size() == count) break;
    names.push_back(one.name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

}  // namespace hub::registry
