#pragma once
// Internal to the server: the way from any thread to a connection that may have gone. What leaves
// the server (a Reply, a stream's Give) holds the gate, never the connection; the connection shuts
// the gate when it no longer waits, and nothing goes through after that.

#include <functional>
#include <memory>
#include <mutex>

namespace hub::http {

template <class Thing>
class Gate {
 public:
  explicit Gate(std::function<void(Thing)> to) : to_(std::move(to)) {}

  void pass(Thing thing) {
    const std::lock_guard lock(mutex_);
    if (to_) to_(std::move(thing));
  }

  void shut() {
    std::function<void(Thing)> last;  // what it holds dies outside the lock
    const std::lock_guard lock(mutex_);
    last.swap(to_);
  }

 private:
  std::mutex mutex_;
  std::function<void(Thing)> to_;  // empty: shut
};

// Shuts the gate when the connection leaves the scope in which it waits.
template <class Thing>
class GateKeeper {
 public:
  explicit GateKeeper(std::function<void(Thing)> to)
      : gate_(std::make_shared<Gate<Thing>>(std::move(to))) {}
  GateKeeper(const GateKeeper&) = delete;
  GateKeeper& operator=(const GateKeeper&) = delete;
  ~GateKeeper() { gate_->shut(); }
  const std::shared_ptr<Gate<Thing>>& gate() const { return gate_; }

 private:
  const std::shared_ptr<Gate<Thing>> gate_;  // shared with what left the server
};

}  // namespace hub::http
