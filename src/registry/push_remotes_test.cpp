// The same push over every way to a registry: real servers on loopback, real git.
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
#include "registry/mirror.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

using testing::Bench;
using testing::write_file;
using testing::write_skill;
using namespace std::chrono_literals;

int free_port() {
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

bool answers(int port) {
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
    if (port_ == 0) port_ = std::atoi(std::string(line).c_str());
  }

  std::atomic<int> port_;
  std::atomic<bool> stop_{false}, ended_{false};
  std::string words_;
  std::thread thread_;
};

std::string reason_of(const Result<PushReport>& report) {
  return report ? boost::json::serialize(to_json(report->status)) : report.error().message;
}

// First push, nothing new, a new version, some at once, and what a hub then sees.
void exercise(const Bench& bench, const std::string& url, int publishers = 3) {
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = url;
  CHECK(reason_of(push(request, bench.clock)) == "\"published\"");
  CHECK(reason_of(push(request, bench.clock)) == "\"already_published\"");
  CHECK(bench.commits() == 2);
  write_skill(bench.sources, "notes_skill", "1.0.1");
  CHECK(reason_of(push(request, bench.clock)) == "\"published\"");

  std::vector<std::string> outcomes(static_cast<std::size_t>(publishers));
  std::vector<std::thread> threads;
  for (int at = 0; at < publishers; ++at) {
    PushRequest rival = request;
    const std::string name = "rival_" + std::to_string(at);
    rival.source = write_skill(bench.sources, name, "1.0.0");
    rival.cache_directory = bench.directory.path() / name;  // hosts of their own: they race
    threads.emplace_back([&bench, &outcomes, rival, at] {
      outcomes[static_cast<std::size_t>(at)] = reason_of(push(rival, bench.clock));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& outcome : outcomes) CHECK(outcome == "\"published\"");
  CHECK(bench.commits() == 3 + publishers);

  Mirror mirror(bench.directory.path() / "hub-mirror", url, bench.clock);
  const auto catalog = mirror.fetch();
  REQUIRE_MESSAGE(catalog, catalog.error().message);
  CHECK(std::ssize((*catalog)->entries) == 1 + publishers);
}

TEST_CASE("push over file://") {
  const Bench bench;
  exercise(bench, "file://" + bench.registry.string());
}

TEST_CASE("push over git://") {
  const Bench bench;
  const int port = free_port();
  Server server({"git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
                 "--listen=127.0.0.1", "--port=" + std::to_string(port),
                 "--base-path=" + bench.directory.path().string(), bench.directory.path().string()},
                port);
  REQUIRE(server.wait());
  exercise(bench, "git://127.0.0.1:" + std::to_string(port) + "/registry.git");
}

TEST_CASE("push over http://") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  auto repository = git::Repository::open(bench.registry).value();
  REQUIRE(repository.set_config("http.receivepack", "true"));
  Server server({"python3", std::string(HUB_FIXTURES) + "/git_http_server.py",
                 bench.directory.path().string()});
  const auto port = server.wait();
  REQUIRE(port);
  exercise(bench, "http://127.0.0.1:" + std::to_string(*port) + "/registry.git");
}

TEST_CASE("a server that wants a password gets ours from the URL, or says no at once") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  REQUIRE(make_directories(bench.directory.path() / "private"));
  const fs::path path = bench.directory.path() / "private/registry.git";
  REQUIRE(init_registry(path, bench.clock));
  auto repository = git::Repository::open(path).value();
  REQUIRE(repository.set_config("http.receivepack", "true"));
  Server server({"python3", std::string(HUB_FIXTURES) + "/git_http_server.py",
                 bench.directory.path().string()});
  const auto port = server.wait();
  REQUIRE(port);
  const std::string host = "127.0.0.1:" + std::to_string(*port) + "/private/registry.git";
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "http://" + host;
  const auto nobody = push(request, bench.clock);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ErrorCode::forbidden);
  CHECK(nobody.error().reason == "remote_denied");
  request.registry_url = "http://ada:wrong@" + host;
  const auto mistaken = push(request, bench.clock);
  CHECK(mistaken.error().reason == "remote_denied");
  CHECK(mistaken.error().message.find("wrong") == std::string::npos);
  request.registry_url = "http://ada:secret@" + host;
  CHECK(reason_of(push(request, bench.clock)) == "\"published\"");
}

TEST_CASE("a push whose answer is lost is found to have landed, and is not made twice") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  REQUIRE(make_directories(bench.directory.path() / "lossy"));
  const fs::path path = bench.directory.path() / "lossy/registry.git";
  REQUIRE(init_registry(path, bench.clock));
  auto repository = git::Repository::open(path).value();
  REQUIRE(repository.set_config("http.receivepack", "true"));
  Server server({"python3", std::string(HUB_FIXTURES) + "/git_http_server.py",
                 bench.directory.path().string()});
  const auto port = server.wait();
  REQUIRE(port);
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "http://127.0.0.1:" + std::to_string(*port) + "/lossy/registry.git";
  const auto report = push(request, bench.clock);
  REQUIRE_MESSAGE(report, report.error().message);
  CHECK(report->status == PushStatus::published);
  CHECK(report->attempts == 2);
  CHECK(repository.tip().value() == report->commit);
}

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

TEST_CASE("push over ssh://") {
  const SshServer ssh;
  if (!ssh.missing.empty()) {
    MESSAGE("skipped: " << ssh.missing);
    return;
  }
  const Bench bench;
  const std::string url = "ssh://127.0.0.1:" + std::to_string(ssh.port) + bench.registry.string();
  ::setenv("GIT_SSH_COMMAND", ssh.client_command("host").c_str(), 1);  // a key it does not know
  PushRequest request = bench.request(write_skill(bench.sources, "denied_skill", "1.0.0"));
  request.registry_url = url;
  const auto denied = push(request, bench.clock);
  REQUIRE_FALSE(denied);
  CHECK(denied.error().reason == "remote_denied");
  ::setenv("GIT_SSH_COMMAND", ssh.client_command("client").c_str(), 1);
  exercise(bench, url, 1);
  ::unsetenv("GIT_SSH_COMMAND");
}

TEST_CASE("a hook's no ends a push over the network at once, in the server's words") {
  const Bench bench;
  write_file(bench.registry / "hooks/update",
             "#!/bin/sh\necho frozen for the release >&2\nexit 1\n", 0755);
  const int port = free_port();
  Server server({"git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
                 "--listen=127.0.0.1", "--port=" + std::to_string(port),
                 "--base-path=" + bench.directory.path().string(), bench.directory.path().string()},
                port);
  REQUIRE(server.wait());
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "git://127.0.0.1:" + std::to_string(port) + "/registry.git";
  const auto report = push(request, bench.clock);
  REQUIRE_FALSE(report);
  CHECK(report.error().reason == "remote_hook_declined");
  CHECK(report.error().message.find("frozen for the release") != std::string::npos);
  CHECK(bench.commits() == 1);
}

TEST_CASE("an unreachable registry is told from a bad artifact") {
  const Bench bench;
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "git://127.0.0.1:" + std::to_string(free_port()) + "/registry.git";
  const auto report = push(request, bench.clock);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::unavailable);
  CHECK(report.error().reason == "registry_unreachable");
  CHECK_FALSE(report.error().hint.empty());
}

}  // namespace
}  // namespace hub::registry
