#pragma once
// Threads for blocking work: the bridge from the io threads to domain code.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace hub::http {

class Workers {
 public:
  static constexpr std::size_t waiting_max = 4096;

  explicit Workers(std::size_t threads);
  ~Workers();  // finishes what was posted, then joins
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  enum class Posted { yes, too_many };
  // Any thread; never blocks. The job must not throw.
  Posted post(std::function<void()> job);

 private:
  struct Pool;
  std::atomic<std::size_t> waiting_{0};
  std::unique_ptr<Pool> pool_;
};

}  // namespace hub::http
