#include "marketplace/search_text.hpp"

#include <algorithm>
#include <cstdlib>

#include <utf8proc.h>

namespace hub::marketplace {
namespace {

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The code point at `at`, which moves on; below zero for a byte that is not UTF-8.
utf8proc_int32_t next_of(std::string_view text, std::size_t& at) {
  utf8proc_int32_t codepoint = -1;
  const auto size = utf8proc_iterate(bytes_of(text.substr(at)),
                                     static_cast<utf8proc_ssize_t>(text.size() - at), &codepoint);
  at += size > 0 ? static_cast<std::size_t>(size) : 1;
  return size > 0 ? codepoint : -1;
}

std::vector<utf8proc_int32_t> codepoints_of(std::string_view text) {
  std::vector<utf8proc_int32_t> all;
  for (std::size_t at = 0; at < text.size();) all.push_back(next_of(text, at));
  return all;
}

bool in_word(utf8proc_int32_t codepoint) {
  if (codepoint < 0) return false;
  const auto category = utf8proc_category(codepoint);
  const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
  const bool number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
  const bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
  return letter || number || mark;
}

// Case and marks away. Empty when there is nothing left of it.
std::string plain(std::string_view word) {
  utf8proc_uint8_t* mapped = nullptr;
  // utf8proc takes a set of flags in an enum.
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
  const auto flags = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                    UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
  const auto size =
      utf8proc_map(bytes_of(word), static_cast<utf8proc_ssize_t>(word.size()), &mapped, flags);
  if (size < 0) return {};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters
  std::string text(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
  std::free(mapped);  // NOLINT(cppcoreguidelines-no-malloc): utf8proc allocates with malloc
  return text;
}

// Never in the middle of a code point.
void cut(std::string& word) {
  if (word.size() <= word_bytes_max) return;
  std::size_t size = word_bytes_max;
  while (size > 0 && (static_cast<unsigned char>(word[size]) & 0xC0U) == 0x80) --size;
  word.resize(size);
}

std::vector<std::string> ascii_words(std::string_view text, std::size_t words_max) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    cut(word);
    if (!word.empty() && words.size() < words_max) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

}  // namespace

std::vector<std::string> search_words(std::string_view text, std::size_t words_max) {
  if (is_ascii(text)) return ascii_words(text, words_max);
  std::vector<std::string> words;
  std::size_t begin = 0;
  const auto end_word = [&](std::size_t end) {
    if (begin == end || words.size() >= words_max) return;
    std::string word = plain(text.substr(begin, end - begin));
    cut(word);
    if (!word.empty()) words.push_back(std::move(word));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t here = at;
    if (in_word(next_of(text, at))) continue;
    end_word(here);
    begin = at;
  }
  end_word(text.size());
  return words;
}

std::string stem_of(const std::string& word) {
  const auto letters = codepoints_of(word);
  const bool russian = std::ranges::all_of(
      letters, [](utf8proc_int32_t letter) { return letter >= 0x400 && letter <= 0x4FF; });
  if (letters.size() < 5) return word;
  if (russian) return word.substr(0, word.size() - (letters.size() < 7 ? 2U : 4U));
  const bool plural = word.ends_with('s') && !word.ends_with("ss") && is_ascii(word);
  return plural ? word.substr(0, word.size() - 1) : word;
}

std::size_t letters_of(std::string_view word) { return codepoints_of(word).size(); }

std::size_t typing_distance(std::string_view one, std::string_view other,
                            std::size_t distance_max) {
  const auto a = codepoints_of(one);
  const auto b = codepoints_of(other);
  const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > distance_max) return distance_max + 1;
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::move(last);
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0U : 1U;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return std::min(row[b.size()], distance_max + 1);
}

}  // namespace hub::marketplace
