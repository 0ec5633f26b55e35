#pragma once
// Peer: one connected browser as the projection sees it. http makes one per WebSocket, so that
// projection needs no network. Every method may be called from any thread and never blocks.

#include <cstdint>
#include <memory>
#include <string>

namespace hub::projection {

// One binary WebSocket message. Shared, because a broadcast hands the same bytes to every peer.
using Frame = std::shared_ptr<const std::string>;

class Peer {
 public:
  virtual ~Peer() = default;
  virtual void send(Frame) = 0;
  // Bytes given to send() that the socket has not taken yet.
  virtual std::size_t queued_bytes() const = 0;
  // Close codes: contracts.md §7 and projection.md. The peer hears on_close afterwards, once.
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

}  // namespace hub::projection
