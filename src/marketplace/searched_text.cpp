#include "marketplace/searched_text.hpp"

#include <algorithm>

#include "marketplace/search_text.hpp"

namespace hub::marketplace {
namespace {

constexpr std::size_t question_bytes_max = 400;

// The texts of an i18n object: {"en": …, "ru": …} or {"key": …, "fallback": …}.
void append_texts(std::string& to, const boost::json::object& i18n) {
  for (const auto& [key, value] : i18n) {
    if (key != "key" && value.is_string()) to += '\n' + std::string(value.get_string());
  }
}

// Whether each word begins some word of the texts.
class WordsOf {
 public:
  explicit WordsOf(std::string_view text) : words_(search_words(text)) {
    std::ranges::sort(words_);
  }
  bool has(const std::string& beginning) const {
    const auto at = std::ranges::lower_bound(words_, beginning);
    return at != words_.end() && at->starts_with(beginning);
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::string name_text(const CatalogEntry& entry) {
  return entry.id == entry.name ? entry.name : entry.name + '\n' + entry.id;
}

std::string title_text(const CatalogEntry& entry) {
  std::string text = entry.title;
  append_texts(text, entry.title_i18n);
  return text;
}

std::string tag_text(const CatalogEntry& entry) {
  std::string text;
  for (const auto& tag : entry.tags) text += tag + '\n';
  return text;
}

std::string description_text(const CatalogEntry& entry) {
  std::string text = entry.description;
  append_texts(text, entry.description_i18n);
  return text;
}

std::vector<std::string> question_words(std::string_view question) {
  auto words = search_words(question.substr(0, question_bytes_max), query_words_max);
  for (auto& word : words) word = stem_of(word);
  std::ranges::sort(words);
  words.erase(std::ranges::unique(words).begin(), words.end());
  return words;
}

Found scan(const Catalog& catalog, const std::vector<std::string>& words) {
  Found found;
  for (std::size_t at = 0; at < catalog.entries.size(); ++at) {
    const auto& entry = catalog.entries[at];
    const WordsOf names(name_text(entry) + '\n' + title_text(entry));
    if (std::ranges::all_of(words, [&](const auto& word) { return names.has(word); })) {
      found.anywhere.add(at);
      found.named.add(at);
      continue;
    }
    const WordsOf rest(tag_text(entry) + entry.publisher + '\n' + description_text(entry));
    if (std::ranges::all_of(words,
                            [&](const auto& word) { return names.has(word) || rest.has(word); })) {
      found.anywhere.add(at);
    }
  }
  return found;
}

}  // namespace hub::marketplace
