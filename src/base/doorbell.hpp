#pragma once
// Doorbell: tells listeners that something has changed, not what. Thread-safe.
//
// A listener is called on the ringing thread, under the bell's lock: it must set a flag, wake
// somebody and return, and never ring or subscribe. Once a Subscription is gone its listener is not
// being called and never will be.

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace hub {

class Doorbell {
  struct Listeners {
    std::mutex mutex;
    std::uint64_t next = 0;
    std::map<std::uint64_t, std::function<void()>> all;
  };

 public:
  class [[nodiscard]] Subscription {
   public:
    Subscription() = default;
    Subscription(std::shared_ptr<Listeners> listeners, std::uint64_t id)
        : listeners_(std::move(listeners)), id_(id) {}
    Subscription(Subscription&& other) noexcept { swap(other); }
    Subscription& operator=(Subscription&& other) noexcept {
      swap(other);
      return *this;
    }
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription() {
      if (!listeners_) return;
      const std::lock_guard guard(listeners_->mutex);
      listeners_->all.erase(id_);
    }

   private:
    void swap(Subscription& other) noexcept {
      std::swap(listeners_, other.listeners_);
      std::swap(id_, other.id_);
    }
    std::shared_ptr<Listeners> listeners_;  // shared: the bell may go first
    std::uint64_t id_ = 0;
  };

  Subscription subscribe(std::function<void()> listener) {
    const std::lock_guard guard(listeners_->mutex);
    const auto id = listeners_->next++;
    listeners_->all.emplace(id, std::move(listener));
    return {listeners_, id};
  }

  void ring() {
    const std::lock_guard guard(listeners_->mutex);
    for (const auto& [id, listener] : listeners_->all) listener();
  }

 private:
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace hub
