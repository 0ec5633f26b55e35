#pragma once
// For tests: a client on plain sockets that says exactly the bytes it is told to, and reads
// answers and WebSocket frames. Every wait ends after ten seconds.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace hub::http {

struct Answer {
  int status = 0;   // 0: the connection ended before an answer
  Headers headers;  // names in lower case
  std::string body;

  std::string header(std::string_view name) const;
  Json json() const;  // null when the body is none
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port);  // throws std::runtime_error when nobody listens
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes);  // a closed connection is no error here
  Answer read_answer(std::string_view method = "GET");
  // A request with Host, Content-Length for a body, and what `headers` says ("X: 1\r\n…").
  Answer ask(std::string_view method, std::string_view target, const std::string& headers = {},
             const std::string& body = {});
  // Of a body in chunks, whose head read_answer() has given: one chunk, empty the last. Nothing
  // when the connection ended before.
  std::optional<std::string> read_chunk();
  // What came in chunks up to and with `text`; throws std::runtime_error when it doesn't come.
  std::string read_chunks_until(std::string_view text);
  std::string read_to_end();  // of the connection
  void hang_up();
  bool is_closed();  // waits for the other side to close; false after ten seconds
  void shrink_receive_buffer(int bytes);

  // WebSocket. `headers` as above.
  Answer upgrade(std::string_view target, const std::string& headers = {});
  struct Frame {
    int opcode = -1;  // 1 text, 2 binary, 8 close, 9 ping, 10 pong; -1: the connection ended
    std::string bytes;
    int close_code() const;  // of a close frame; 0 otherwise
  };
  void send_frame(int opcode, std::string_view bytes);
  void send_close(std::uint16_t code);
  Frame read_frame();

 private:
  bool read_some();  // false: closed
  bool read_up_to(std::size_t bytes);

  std::uint16_t port_;
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace hub::http
