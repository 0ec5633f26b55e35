#include "http/workers.hpp"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace hub::http {

struct Workers::Pool {
  explicit Pool(std::size_t count) : threads(count) {}
  boost::asio::thread_pool threads;
};

Workers::Workers(std::size_t threads) : pool_(std::make_unique<Pool>(threads)) {}

Workers::~Workers() { pool_->threads.join(); }

Workers::Posted Workers::post(std::function<void()> job) {
  if (waiting_.fetch_add(1) >= waiting_max) {
    waiting_.fetch_sub(1);
    return Posted::too_many;
  }
  boost::asio::post(pool_->threads, [this, job = std::move(job)] {
    waiting_.fetch_sub(1);
    job();
  });
  return Posted::yes;
}

}  // namespace hub::http
