#pragma once
// Which bytes of a file are there, and from whom. A value; not thread-safe.

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace hub::transfer {

struct Extent {
  std::int64_t begin = 0, end = 0;  // [begin, end)
  int source = 0;                   // a number of the caller's: which mirror gave it
  std::int64_t size() const { return end - begin; }
};

class Extents {
 public:
  // What is there already stays as it was. How many bytes of it are new.
  std::int64_t add(const Extent&);
  std::int64_t bytes() const { return bytes_; }
  std::int64_t prefix() const;  // the first byte that is missing
  std::set<int> sources() const;
  const std::vector<Extent>& all() const { return all_; }  // in order, none empty, none overlapping
  // The first missing bytes in [from, end), at most `length_max` of them.
  std::optional<Extent> gap(std::int64_t from, std::int64_t end, std::int64_t length_max) const;

 private:
  std::vector<Extent> all_;
  std::int64_t bytes_ = 0;
};

}  // namespace hub::transfer
