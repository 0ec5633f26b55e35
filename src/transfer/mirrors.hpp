#pragma once
// The addresses that a file may come from, and what has become of each. The first is preferred; one
// that fails rests for a while and the next is asked; one that lies or refuses is dropped. One
// thread.
//
//   usable ──fails──► resting ──► usable      fails `failures_max` times without a byte between:
//      └────lies, refuses────► dropped        given up, until the next download

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hub::transfer {

enum class Ranges { unknown, answered, ignored };

struct Mirror {
  std::string url;
  std::string shown;
  Ranges ranges = Ranges::unknown;
  int failures = 0;  // without a byte between
  std::chrono::milliseconds rests_until{0};
  std::optional<Error> dropped, given_up;  // why
  std::optional<Error> last_failure;
  bool usable() const { return !dropped && !given_up; }
};

class Mirrors {
 public:
  static constexpr int failures_max = 5;
  static constexpr std::chrono::milliseconds rest_first{250}, rest_max{8'000};
  static constexpr std::chrono::minutes wait_max{10};  // that a server may ask for

  explicit Mirrors(const std::vector<std::string>& urls);

  const Mirror& at(int number) const { return all_.at(static_cast<std::size_t>(number)); }
  const std::vector<Mirror>& all() const { return all_; }

  // Whom to ask now: the one that was asked last, if it may, else the first that may. Whoever
  // ignores ranges comes last when something is there already. Absent: nobody before next_at().
  enum class Have { nothing, some };
  std::optional<int> choose(std::chrono::milliseconds now, Have);
  std::chrono::milliseconds next_at() const;
  bool any_usable() const;
  // Why nobody can be asked any more: unavailable when some were only given up.
  Error exhausted() const;

  void gave_bytes(int number);
  void answers_ranges(int number, Ranges ranges) { ref(number).ranges = ranges; }
  void failed(int number, const Error&, std::chrono::milliseconds now);
  // It asked us to wait: 429, 503 with Retry-After.
  void rest(int number, const Error&, std::chrono::milliseconds now, std::chrono::seconds wait);
  void drop(int number, const Error&);

 private:
  Mirror& ref(int number) { return all_.at(static_cast<std::size_t>(number)); }
  std::vector<Mirror> all_;
  int last_ = 0;
};

}  // namespace hub::transfer
