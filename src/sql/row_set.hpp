#pragma once
// RowSet: a set of rowids, one bit each. Rowids are small numbers given out from 1, so a set of
// 100,000 rows takes 12 KiB. A value type.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace hub::sql {

class RowSet {
 public:
  void add(std::uint64_t row) {
    if (row / 64 >= words_.size()) words_.resize((row / 64) + 1);
    words_[row / 64] |= std::uint64_t{1} << (row % 64);
  }
  bool has(std::uint64_t row) const {
    return row / 64 < words_.size() && ((words_[row / 64] >> (row % 64)) & 1U) != 0;
  }
  void add_all(const RowSet& other) {
    if (other.words_.size() > words_.size()) words_.resize(other.words_.size());
    for (std::size_t at = 0; at < other.words_.size(); ++at) words_[at] |= other.words_[at];
  }
  void keep_only(const RowSet& other) {
    words_.resize(std::min(words_.size(), other.words_.size()));
    for (std::size_t at = 0; at < words_.size(); ++at) words_[at] &= other.words_[at];
  }
  std::size_t count() const {
    std::size_t all = 0;
    for (const auto word : words_) all += static_cast<std::size_t>(std::popcount(word));
    return all;
  }
  bool empty() const {
    return std::ranges::all_of(words_, [](std::uint64_t word) { return word == 0; });
  }
  // Ascending.
  template <class See>
  void for_each(See see) const {
    for (std::size_t at = 0; at < words_.size(); ++at) {
      for (auto word = words_[at]; word != 0; word &= word - 1) {
        see((at * 64) + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace hub::sql
