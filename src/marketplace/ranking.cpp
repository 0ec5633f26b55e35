#include "marketplace/ranking.hpp"

#include <algorithm>

#include "marketplace/search_text.hpp"
#include "registry/text.hpp"

namespace hub::marketplace {
namespace {

std::string spaced(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Each of the words followed by `end`.
bool has_all(const std::string& text, const std::vector<std::string>& words, const char* end) {
  return std::ranges::all_of(words, [&](const std::string& word) {
    return text.find(' ' + word + end) != std::string::npos;
  });
}

std::string framed(std::string_view text) { return ' ' + spaced(search_words(text)) + ' '; }

}  // namespace

Question::Question(const std::string& q)
    : folded(registry::fold(q)),
      words(question_words(q)),
      written(search_words(q, query_words_max)),
      spelled(spaced(written)) {}

std::string spelled(const CatalogEntry& entry) {
  std::string text = "|";
  std::string_view lines;
  const std::string all = name_text(entry) + '\n' + title_text(entry);
  for (lines = all; !lines.empty();) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (end > 0) text += framed(lines.substr(0, end)) + '|';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

int weight_of(const Question& question, const CatalogEntry& entry, const Standing& standing,
              Named named) {
  if (standing.name == question.folded || standing.id == question.folded) return 0;
  if (!question.spelled.empty()) {
    const auto has = [&](const std::string& text) {
      return standing.spelled.find(text) != std::string::npos;
    };
    const std::string beginning = "| " + question.spelled;
    if (has(beginning)) {
      if (has(beginning + " |")) return 1;
      return has(beginning + ' ') ? 2 : 3;
    }
  }
  if (named == Named::yes) return has_all(standing.spelled, question.written, " ") ? 4 : 5;
  if (has_all(framed(tag_text(entry)), question.words, "")) return 6;
  if (has_all(framed(entry.publisher), question.words, "")) return 7;
  return 8;
}

}  // namespace hub::marketplace
