// The hub's documents, sockets and store without its engine: a program drives them, faster than
// operations of the whole hub could be asked for over HTTP. Each message of an operation carries a
// marker (framing.hpp) with the moment it fell due.
//
//   yjs_driven_hub --folder DIR [--operations 100]
//                  [--ticks-per-second N | --commits-per-second N | --ticks N]
//
// Prints {"port", "token"} and goes on until SIGTERM. --ticks: as many progress ticks as fast as
// they go, with a clock of their own, once the first browser is there; then a line with what they
// left.

#include <atomic>
#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <unistd.h>

#include "../sample_operation.hpp"
#include "framing.hpp"
#include "http/document_sockets.hpp"
#include "http/server.hpp"
#include "projection/operation_projection_service.hpp"
#include "server_probe.hpp"
#include "store/progress_board.hpp"

namespace hub::benchmarks {
namespace {

using namespace std::chrono_literals;
using projection::ProjectionInput;

constexpr const char* webspace = "desktop";
constexpr int steps_each = 4;
constexpr std::int64_t shown_max = 50;

std::atomic<bool> stopping{false};  // by a signal

struct Arguments {
  fs::path folder;
  int operations = 100;
  double ticks_per_second = 0, commits_per_second = 0;
  std::int64_t ticks = 0;
};

Arguments parse(int argc, char** argv) {
  Arguments given;
  CLI::App app{"the hub's documents, driven by a program", "yjs_driven_hub"};
  app.add_option("--folder", given.folder, "for the store and the documents")->required();
  app.add_option("--operations", given.operations, "that run");
  app.add_option("--ticks-per-second", given.ticks_per_second,
                 "progress of one operation after "
                 "the other");
  app.add_option("--commits-per-second", given.commits_per_second, "the same, each committed");
  app.add_option("--ticks", given.ticks, "so many, as fast as they go");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return given;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

class DrivenHub {
 public:
  explicit DrivenHub(const Arguments& given)
      : given_(given),
        database_(must(store::Database::open(given.folder / "hub.db"))),
        store_(*database_, clock_),
        documents_({.folder = given.folder / "ystores"}, clock_),
        projection_(documents_, [this](const std::string&) { return shown(); }),
        access_(must(http::Access::open({given.folder / "state", {}, {}}, clock_))) {
    start_operations();
    doorbells_.push_back(database_->commits().subscribe([this] { projection_.changed(); }));
    doorbells_.push_back(board_.ticks().subscribe([this] { projection_.changed(); }));
    http::SocketRoutes sockets;
    http::add_document_sockets(sockets, *access_, documents_);
    http::ServerOptions options;
    options.port = 0;
    server_ = std::make_unique<http::Server>(options, http::Router(), std::move(sockets), *access_);
    if (const auto started = server_->start(); !started) {
      throw std::runtime_error(started.error().message);
    }
  }
  ~DrivenHub() {
    server_->stop(2s);
    doorbells_.clear();
    projection_.stop();
  }
  DrivenHub(const DrivenHub&) = delete;
  DrivenHub& operator=(const DrivenHub&) = delete;

  boost::json::object address() const {
    return {{"port", server_->port()}, {"token", access_->token()}};
  }

  void drive() {
    if (given_.ticks_per_second > 0) {
      pace(given_.ticks_per_second, [this](const auto& id, const Marker& marker) {
        board_.tick(id, {.progress = {}, .message = marker_text(marker), .detail = {}});
      });
    } else if (given_.commits_per_second > 0) {
      pace(given_.commits_per_second, [this](const auto& id, const Marker& marker) {
        store::OperationChange change;
        change.edit = [&](OperationState& state) { state.message = marker_text(marker); };
        must(store_.advance(id, change));
      });
    } else if (given_.ticks > 0) {
      tick_all();
    }
    while (!stopping) std::this_thread::sleep_for(20ms);
  }

 private:
  void start_operations() {
    for (int number = 0; number < given_.operations; ++number) {
      must(store_.accept(sample_of_steps(number, steps_each, clock_.now())));
    }
    const std::vector kinds{OperationKind("skill.install")};
    while (const auto claimed = store_.claim(kinds, Priority::normal)) {
      running_.push_back(claimed->state.operation_id);
    }
  }

  ProjectionInput shown() {
    ProjectionInput out;
    out.feed_id = database_->feed_id();
    out.seq = store_.last_seq();
    out.operations = store_.recent(webspace, shown_max);
    for (auto& operation : out.operations) board_.overlay(operation);
    out.notifications = store_.notifications(webspace, shown_max);
    return out;
  }

  void pace(double rate, const std::function<void(const OperationId&, const Marker&)>& write) {
    const std::int64_t begun = now_us();
    for (std::int64_t number = 0; !stopping; ++number) {
      const auto due = begun + static_cast<std::int64_t>(static_cast<double>(number) * 1e6 / rate);
      const auto wait = due - now_us();
      if (wait > 0) std::this_thread::sleep_for(std::chrono::microseconds(wait));
      write(running_[static_cast<std::size_t>(number) % running_.size()], {due, number});
    }
  }

  // With a clock that runs ahead, so that none is held back.
  void tick_all() {
    while (documents_.webspaces().empty() && !stopping) std::this_thread::sleep_for(1ms);
    ProjectionInput input = shown();
    projection::TickTimes ticks;
    auto now = std::chrono::steady_clock::now();
    boost::json::array memory;
    const auto begun = now_us();
    const auto each = static_cast<std::int64_t>(input.operations.size());
    for (std::int64_t done = 0; done < given_.ticks && !stopping; done += each) {
      if (done * 10 % given_.ticks < each * 10) memory.push_back(use_of(::getpid()).memory_bytes);
      for (auto& state : input.operations) {
        state.progress = static_cast<int>(done / each % 100);
        state.message = "fetched " + std::to_string(done) + " bytes";
      }
      now += projection::kTickGap;
      documents_.write(webspace, [&](auto& document) { project(input, document, ticks, now); });
    }
    memory.push_back(use_of(::getpid()).memory_bytes);
    std::cout << boost::json::object{{"ticks", given_.ticks},
                                     {"seconds", static_cast<double>(now_us() - begun) / 1e6},
                                     {"memory", memory}}
              << '\n'
              << std::flush;
  }

  const Arguments& given_;
  SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  store::OperationStore store_;
  store::ProgressBoard board_;
  projection::DocumentServer documents_;
  projection::OperationProjectionService projection_;
  std::unique_ptr<http::Access> access_;
  std::vector<OperationId> running_;
  std::vector<Doorbell::Subscription> doorbells_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace
}  // namespace hub::benchmarks

int main(int argc, char** argv) {
  const auto stop = [](int) { hub::benchmarks::stopping = true; };
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  try {
    const auto given = hub::benchmarks::parse(argc, argv);
    hub::benchmarks::DrivenHub hub(given);
    std::cout << hub.address() << '\n' << std::flush;
    hub.drive();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "yjs_driven_hub: " << error.what() << '\n';
    return 1;
  }
}
