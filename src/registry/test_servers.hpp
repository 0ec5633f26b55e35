#pragma once
// Real servers on loopback, for tests: programs that run as long as an object, and an sshd.

#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git/repository.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry::testing {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): in tests only

inline int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

inline bool answers(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool open = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return open;
}

// A program that runs until the object goes.
class Server {
 public:
  explicit Server(std::vector<std::string> arguments, int port = 0) : port_(port) {
    thread_ = std::thread([this, arguments = std::move(arguments)] {
      const auto ran = run_process({.arguments = arguments,
                                    .timeout = 120s,
                                    .stop = [this] { return stop_.load(); },
                                    .on_line = [this](std::string_view line) { heard(line); }});
      if (ran) words_ = ran->output + ran->errors;
      ended_ = true;
    });
  }
  ~Server() {
    stop_ = true;
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The port, once something listens on it; nothing when the program ended.
  std::optional<int> wait() {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < deadline && !ended_) {
      if (port_ != 0 && answers(port_)) return port_;
      std::this_thread::sleep_for(5ms);
    }
    return std::nullopt;
  }
  const std::string& words() const { return words_; }  // after it ended

 private:
  void heard(std::string_view line) {
    if (port_ == 0) port_ = static_cast<int>(std::strtol(std::string(line).c_str(), nullptr, 10));
  }

  std::atomic<int> port_;
  std::atomic<bool> stop_{false}, ended_{false};
  std::string words_;
  std::thread thread_;
};

// git's http-backend behind a small server, for all below a directory.
struct GitHttpServer {
  Server server;
  int port = 0;

  explicit GitHttpServer(const fs::path& below)
      : server({"python3", std::string(HUB_FIXTURES) + "/git_http_server.py", below.string()}) {
    const auto heard = server.wait();
    REQUIRE(heard);
    port = *heard;
  }
  std::string host() const { return "127.0.0.1:" + std::to_string(port); }
};

// An empty registry at <folder>/registry.git of the bench, which takes pushes over http.
inline git::Repository init_http_registry(const Bench& bench, const std::string& folder) {
  const fs::path path = bench.directory.path() / folder / "registry.git";
  REQUIRE(make_directories(path.parent_path()));
  REQUIRE(init_registry(path, bench.clock));
  auto repository = git::Repository::open(path).value();
  REQUIRE(repository.set_config("http.receivepack", "true"));
  return repository;
}

// git's own server for git://, for all below a directory.
struct GitDaemon {
  int port = free_port();
  Server server;

  explicit GitDaemon(const fs::path& base)
      : server({"git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
                "--max-connections=0", "--listen=127.0.0.1", "--port=" + std::to_string(port),
                "--base-path=" + base.string(), base.string()},
               port) {
    REQUIRE(server.wait());
  }
  std::string url(int through = 0) const {
    return "git://127.0.0.1:" + std::to_string(through == 0 ? port : through) + "/registry.git";
  }
};

// An sshd of our own, on loopback, that knows one key.
struct SshServer {
  TemporaryDirectory directory;
  int port = free_port();
  std::optional<Server> server;
  std::string missing;  // why it does not run

  SshServer() {
    const fs::path at = directory.path();
    const bool keys = make_key(at / "host") && make_key(at / "client");
    if (!keys || ::access("/usr/sbin/sshd", X_OK) != 0) {
      missing = "no sshd here";
      return;
    }
    if (::geteuid() == 0) static_cast<void>(make_directories("/run/sshd"));
    write_file(at / "authorized", read_file(at / "client.pub").value(), 0600);
    write_file(at / "config", "HostKey " + (at / "host").string() + "\nAuthorizedKeysFile " +
                                  (at / "authorized").string() +
                                  "\nListenAddress 127.0.0.1\nPort " + std::to_string(port) +
                                  "\nPidFile none\nUsePAM no\n" +
                                  "StrictModes no\nPasswordAuthentication no\n" +
                                  "PermitRootLogin prohibit-password\n");
    server.emplace(
        std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", (at / "config").string()},
        port);
    if (!server->wait()) missing = "sshd does not start: " + server->words();
  }
  static bool make_key(const fs::path& path) {
    const auto ran = run_process(
        {.arguments = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path.string()}});
    return ran && ran->exit_code == 0;
  }
  std::string client_command(const char* key) const {
    return "ssh -F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no "
           "-o LogLevel=ERROR -o IdentitiesOnly=yes -i " +
           (directory.path() / key).string();
  }
};

}  // namespace hub::registry::testing
