// How long it takes until all of many publishers who begin at once have landed, and whether any is
// lost. One line of JSON for each round.
//
//   path     one host, a bare repository on this disk
//   git      one host, over the git protocol (git daemon on loopback): they take turns
//   hosts    hosts of their own, over the git protocol: they know nothing of each other and race
//
// A publisher is a thread with a skill of its own; each of `hosts` has a cache of its own, which
// already knows the registry, as after an earlier push. Fetches and pushes over the network are git
// programs.

#include <algorithm>
#include <iostream>
#include <latch>
#include <thread>

#include <CLI/CLI.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "git/repository.hpp"
#include "registry/init_registry.hpp"
#include "registry/push.hpp"

namespace hub::benchmarks {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

void write_skill(const fs::path& folder) {
  must(make_directories(folder / "handlers"));
  must(write_file_atomic(folder / "skill.yaml",
                         "name: " + folder.filename().string() + "\nversion: \"1.0.0\"\n" +
                             "description: a skill that publishes itself\n"));
  must(write_file_atomic(folder / "handlers/main.py", "def run():\n    return 1\n"));
}

// git daemon, until the object goes.
class Daemon {
 public:
  explicit Daemon(const fs::path& base) {
    thread_ = std::thread([this, base] {
      static_cast<void>(
          run_process({.arguments = {"git", "daemon", "--reuseaddr", "--export-all",
                                     "--enable=receive-pack", "--max-connections=0",
                                     "--listen=127.0.0.1", "--port=" + std::to_string(port_),
                                     "--base-path=" + base.string(), base.string()},
                       .timeout = std::chrono::hours(1),
                       .stop = [this] { return stop_.load(); }}));
    });
    while (!answers()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ~Daemon() {
    stop_ = true;
    thread_.join();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  std::string url() const { return "git://127.0.0.1:" + std::to_string(port_) + "/registry.git"; }

 private:
  // A free port, or whether something listens on ours.
  template <class Call>
  static int with_socket(int port, const Call& call) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int answer = call(socket, address);
    ::close(socket);
    return answer;
  }
  static int free_port() {
    return with_socket(0, [](int socket, sockaddr_in& address) {
      socklen_t size = sizeof address;
      static_cast<void>(::bind(socket, reinterpret_cast<sockaddr*>(&address), size));
      static_cast<void>(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size));
      return static_cast<int>(ntohs(address.sin_port));
    });
  }
  bool answers() const {
    return with_socket(port_, [](int socket, sockaddr_in& address) {
             return ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
           }) == 0;
  }

  const int port_ = free_port();
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Options {
  std::string mode = "path";
  int publishers = 50;
  int rounds = 5;
};

struct Round {
  double seconds = 0;
  int landed = 0, commits = 0, attempts_max = 0;
  std::vector<std::string> failures;
};

registry::PushRequest request_of(const fs::path& source, const std::string& url,
                                 const fs::path& cache) {
  registry::PushRequest request;
  request.source = source;
  request.registry_url = url;
  request.cache_directory = cache;
  return request;
}

Round run_round(const Options& options) {
  const TemporaryDirectory directory;
  const SystemClock clock;
  const fs::path& root = directory.path();
  const fs::path repository = root / "registry.git";
  must(registry::init_registry(repository, clock));
  std::optional<Daemon> daemon;
  if (options.mode != "path") daemon.emplace(root);
  const std::string url = daemon ? daemon->url() : repository.string();
  const auto cache_of = [&](int at) {
    return root / (options.mode == "hosts" ? "cache-" + std::to_string(at) : "cache");
  };
  std::vector<registry::PushRequest> requests;
  for (int at = 0; at < options.publishers; ++at) {
    const fs::path source = root / "sources" / ("skill_" + std::to_string(at));
    write_skill(source);
    requests.push_back(request_of(source, url, cache_of(at)));
    if (at > 0 && options.mode != "hosts") continue;
    auto knows = requests.back();
    knows.mode = registry::PushMode::dry_run;
    must(registry::push(knows, clock));
  }
  std::vector<Result<registry::PushReport>> ends(requests.size());
  std::latch start(options.publishers + 1);
  std::vector<std::thread> threads;
  for (std::size_t at = 0; at < requests.size(); ++at) {
    threads.emplace_back([&, at] {
      start.arrive_and_wait();
      ends[at] = registry::push(requests[at], clock);
    });
  }
  start.arrive_and_wait();
  const auto began = steady_clock::now();
  for (auto& thread : threads) thread.join();
  Round round;
  round.seconds = duration<double>(steady_clock::now() - began).count();
  for (const auto& end : ends) {
    if (!end) round.failures.push_back(end.error().message);
    if (end) round.attempts_max = std::max(round.attempts_max, end->attempts);
  }
  const auto opened = must(git::Repository::open(repository));
  const auto tip = must(opened.tip());
  const auto text = must(opened.read_file(tip, "registry.json", std::int64_t{1} << 30U));
  round.landed = static_cast<int>(boost::json::parse(text).at("skills").as_array().size());
  const auto counted = must(run_process(
      {.arguments = {"git", "--git-dir=" + repository.string(), "rev-list", "--count", "main"}}));
  round.commits = std::stoi(counted.output) - 1;
  return round;
}

int run(const Options& options) {
  log::set_level(log::Level::error);
  bool all_landed = true;
  for (int at = 0; at < options.rounds; ++at) {
    const Round round = run_round(options);
    all_landed = all_landed && round.landed == options.publishers && round.failures.empty();
    std::cout << boost::json::serialize(boost::json::object{{"mode", options.mode},
                                                            {"publishers", options.publishers},
                                                            {"seconds", round.seconds},
                                                            {"landed", round.landed},
                                                            {"commits", round.commits},
                                                            {"attempts_max", round.attempts_max}})
              << '\n'
              << std::flush;
    for (const auto& failure : round.failures) std::cerr << failure << '\n';
  }
  return all_landed ? 0 : 1;
}

}  // namespace
}  // namespace hub::benchmarks

int main(int argc, char** argv) {
  hub::benchmarks::Options options;
  CLI::App app{"publishes many skills at once"};
  app.add_option("--mode", options.mode)->check(CLI::IsMember({"path", "git", "hosts"}));
  app.add_option("--publishers", options.publishers)->check(CLI::Range(1, 2000));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  try {
    return hub::benchmarks::run(options);
  } catch (const std::exception& thrown) {
    std::cerr << "publish_bench: " << thrown.what() << '\n';
    return 1;
  }
}
