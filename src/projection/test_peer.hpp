#pragma once
// A Peer for the tests of this room: keeps what it is sent, and a queue as full as the test wants.

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "projection/peer.hpp"
#include "ydoc/message.hpp"

namespace hub::projection {

class TestPeer final : public Peer {
 public:
  void send(Frame frame) override {
    const std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
  }
  std::size_t queued_bytes() const override { return queued; }
  void close(std::uint16_t code, std::string) override { closed_with = code; }

  std::vector<Frame> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(frames_, {});
  }
  std::size_t count(ydoc::MessageKind kind) {
    const std::lock_guard lock(mutex_);
    std::size_t out = 0;
    for (const Frame& frame : frames_) out += ydoc::decode_message(*frame)->kind == kind ? 1U : 0U;
    return out;
  }

  std::atomic<std::size_t> queued = 0;
  std::atomic<std::uint16_t> closed_with = 0;

 private:
  std::mutex mutex_;
  std::vector<Frame> frames_;
};

}  // namespace hub::projection
