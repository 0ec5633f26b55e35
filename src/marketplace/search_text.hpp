#pragma once
// How the marketplace's search sees text: as words without case and marks, so that "Ёлка" is found
// by "елка" and "Café" by "cafe". The index and the questions go through the same functions.
// docs/formats/search.md. Pure, any thread.

#include <string>
#include <string_view>
#include <vector>

namespace hub::marketplace {

inline constexpr std::size_t query_words_max = 8;
inline constexpr std::size_t word_bytes_max = 96;

// Runs of letters, digits and marks, decomposed, without marks, case-folded; longer ones are cut to
// word_bytes_max, words beyond `words_max` are left out. Bytes that are not UTF-8 separate words.
std::vector<std::string> search_words(std::string_view text, std::size_t words_max = 4096);

// The beginning of a word that its other forms share: a Russian word of 5 or 6 letters without its
// last one, a longer one without its last two, an English one without its plural s. Else the word.
std::string stem_of(const std::string& word);

std::size_t letters_of(std::string_view word);  // code points

// Insertions, deletions, changes and swaps of neighbours that make one of the other, counted in
// letters; `distance_max` + 1 when there are more.
std::size_t typing_distance(std::string_view one, std::string_view other, std::size_t distance_max);

}  // namespace hub::marketplace
