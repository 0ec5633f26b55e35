#pragma once
// A body that comes bit by bit: an event stream, a followed log.
//
//   server                    source
//   pull(give) ─────────────▶ has something: give(piece), at once or later, from any thread
//   writes the piece, then pulls again; a heartbeat goes out while nothing comes
//   close() ────────────────▶ the end: the client went away, or the hub stops
//
// The server asks for one piece and writes it before it asks for the next. So a slow reader costs
// one piece of memory here and what the kernel buffers; what it has not read yet stays where it
// comes from, and nothing is skipped. A reader that does not take a piece within the server's write
// timeout is disconnected.
//
// HTTP/1.1 gets it in chunks, HTTP/1.0 up to the end of the connection. When the hub stops the body
// ends as if the source had ended it.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hub::http {

class BodySource {
 public:
  static constexpr std::size_t piece_bytes_max = 64U << 10U;  // what a source should keep to

  enum class Then {
    more,    // ask again
    end,     // that was the last
    broken,  // an error: the connection is cut, so that nobody takes the body for whole
  };
  struct Piece {
    std::string bytes = {};  // may be empty
    Then then = Then::more;
  };
  // Owed once for each pull. Copy it, keep it, call it from any thread, also after the stream has
  // ended; a second call is ignored. When the last copy dies uncalled the stream is broken.
  using Give = std::function<void(Piece)>;

  virtual ~BodySource() = default;
  // On an io thread: must not block. One at a time.
  virtual void pull(Give give) = 0;
  // On an io thread, once: no pull follows, and what is given now goes nowhere.
  virtual void close() {}
  // What is sent while nothing comes; empty: nothing.
  virtual std::string_view heartbeat() const { return {}; }
};

}  // namespace hub::http
