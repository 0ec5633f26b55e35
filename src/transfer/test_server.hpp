#pragma once
// The outside world of downloads, for tests: an HTTP server on loopback that cuts, lies, ignores
// ranges, stalls, refuses or is busy, as it is told for each path.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hub::transfer {

struct Served {
  std::string content;
  enum class Parts { yes, no } parts = Parts::yes;  // whether Range is understood
  std::size_t cut_after = 0;                        // bytes of each answer; 0: never
  std::size_t stall_after = 0;                      // then nothing comes any more; 0: never
  int status = 0;                                   // instead of an answer
  int status_times = 1'000'000;                     // so often, then it answers
  int retry_after_s = -1;
  std::string location = {};  // of a redirect
  enum class Length { told, chunked } length = Length::told;
};

class TestServer {
 public:
  TestServer();
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string url(const std::string& path) const;
  void serve(const std::string& path, Served);
  // Each answer's path and Range header: "/model 0-1048575".
  std::vector<std::string> requests() const;
  std::int64_t sent_bytes() const { return sent_; }  // of bodies

 private:
  void accept_all();
  void talk(int socket);
  bool answer(int socket, const std::string& head);
  bool send_body(int socket, const Served&, std::string_view body);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<std::int64_t> sent_{0};
  mutable std::mutex mutex_;
  std::map<std::string, Served> served_;
  std::vector<std::string> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> talks_;
  std::thread acceptor_;
};

std::string made_content(std::size_t bytes, unsigned seed);

}  // namespace hub::transfer
