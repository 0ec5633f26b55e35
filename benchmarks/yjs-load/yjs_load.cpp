// A crowd of browsers in one document of a Yjs server, and perhaps one that writes: how old changes
// are when they arrive, what they cost the server, what becomes of browsers that stop reading.
// Speaks to this hub, to npm's @y/websocket-server and to @hocuspocus/server. One line of JSON.
//
//   yjs_load --port N [--path /yws/x] [--framing hocuspocus --document x] [--token T]
//            [--server-pid P] --browsers 1000 [--at-once 50] [--seconds 6] [--rate 200]
//            [--seed FILE] [--awareness] [--stalled 20] [--rooms 10000]
//
// With --rate a browser writes; without it somebody else does, or nobody. --rooms: instead of a
// crowd in one document, so many documents of one browser each, a hundred at a time.
// benchmarks/run yjs starts the servers and this.

#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <sys/prctl.h>

#include "base/files.hpp"
#include "browser_writer.hpp"
#include "server_probe.hpp"
#include "swarm.hpp"

namespace hub::benchmarks {
namespace {

constexpr double join_seconds_max = 60, settle_seconds = 1, quiet_seconds = 0.5, drain_seconds = 20;
constexpr std::size_t rooms_at_once = 100;
constexpr std::size_t seed_bytes_max = std::size_t{1} << 20U;  // what the hub takes in a message

struct Arguments {
  SwarmOptions swarm;
  std::string framing = "y-websocket";
  std::string seed_file;
  int server_pid = 0;
  double seconds = 6;
  double rate = 0;
  std::size_t stalled = 0;
  std::size_t rooms = 0;
  bool awareness = false;
};

Arguments parse(int argc, char** argv) {
  Arguments given;
  Place& place = given.swarm.place;
  CLI::App app{"a crowd of browsers in one document of a Yjs server", "yjs_load"};
  app.add_option("--address", place.address, "IPv4 address of the server");
  app.add_option("--port", place.port)->required();
  app.add_option("--path", place.path, "of the URL; with y-websocket it names the document");
  app.add_option("--document", place.document, "with hocuspocus");
  app.add_option("--token", place.token, "of this hub");
  app.add_option("--framing", given.framing)->check(CLI::IsMember({"y-websocket", "hocuspocus"}));
  app.add_option("--server-pid", given.server_pid, "whose processor time and memory are told");
  app.add_option("--browsers", given.swarm.browsers);
  app.add_option("--at-once", given.swarm.at_once, "browsers that are on their way in");
  app.add_option("--seconds", given.seconds, "of measuring");
  app.add_option("--rate", given.rate, "updates a second of a browser; 0: it does not write");
  app.add_option("--seed", given.seed_file, "an update that the writing browser begins with");
  app.add_option("--stalled", given.stalled, "browsers of these that stop reading meanwhile");
  app.add_option("--rooms", given.rooms, "documents to open and leave");
  app.add_flag("--awareness", given.awareness, "each browser tells who it is, every 15 s");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (given.framing == "hocuspocus") place.framing = Framing::hocuspocus;
  if (given.awareness) given.swarm.awareness = Awareness::renewed;
  return given;
}

std::string content_of(const std::string& file) {
  if (file.empty()) return {};
  auto content = read_file(file, seed_bytes_max);
  if (!content) throw std::runtime_error(content.error().message);
  return *std::move(content);
}

boost::json::object times_of(const Latency& latency) {
  return {{"count", latency.count()},
          {"p50_ms", latency.percentile_ms(0.5)},
          {"p99_ms", latency.percentile_ms(0.99)},
          {"max_ms", latency.max_ms()}};
}

// The most memory that the server has while something goes on, looked at now and then.
class Watched {
 public:
  explicit Watched(int pid) : pid_(pid), before_(use_of(pid)), most_(before_) {}
  void look() {
    const ServerUse now = use_of(pid_);
    most_.memory_bytes = std::max(most_.memory_bytes, now.memory_bytes);
    most_.kernel_bytes = std::max(most_.kernel_bytes, now.kernel_bytes);
    most_.cpu_s = now.cpu_s;
  }
  double cpu_s() const { return most_.cpu_s - before_.cpu_s; }
  std::int64_t grown_bytes() const { return most_.memory_bytes - before_.memory_bytes; }
  std::int64_t most_bytes() const { return most_.memory_bytes; }
  std::int64_t kernel_grown_bytes() const { return most_.kernel_bytes - before_.kernel_bytes; }

 private:
  int pid_;
  ServerUse before_, most_;
};

boost::json::object join(Swarm& swarm, const Arguments& given) {
  Watched server(given.server_pid);
  const auto began = now_us();
  const bool all = swarm.join_all(join_seconds_max);
  const auto took = now_us() - began;
  server.look();
  const double cpu_s = server.cpu_s();
  swarm.read_for(settle_seconds);
  server.look();
  const auto& counts = swarm.counts();
  if (!all || counts.joined < given.swarm.browsers) {
    throw std::runtime_error(std::to_string(counts.joined) + " of " +
                             std::to_string(given.swarm.browsers) + " joined " + counts.refusal);
  }
  const auto joined = static_cast<std::int64_t>(counts.joined);
  return {{"seconds", static_cast<double>(took) / 1e6},
          {"times", times_of(counts.joins)},
          {"bytes_each", counts.join_bytes / counts.joined},
          {"cpu_ms_each", cpu_s * 1000 / static_cast<double>(joined)},
          {"memory_each", server.grown_bytes() / joined},
          {"kernel_memory_each", server.kernel_grown_bytes() / joined}};
}

// What was received within the time, by those who read.
boost::json::object watch(Swarm& swarm, const Arguments& given, BrowserWriter* writer) {
  const std::size_t readers = given.swarm.browsers - given.stalled;
  swarm.stall(readers, given.swarm.browsers);
  Watched server(given.server_pid);
  swarm.measure();
  if (writer) writer->start(given.rate, static_cast<std::int64_t>(given.seconds * 1e6));
  const auto began = now_us();
  constexpr int looks = 20;
  for (int look = 0; look < looks; ++look) {
    swarm.read_for(given.seconds / looks);
    server.look();
  }
  const double seconds = static_cast<double>(now_us() - began) / 1e6;
  const SwarmCounts counts = swarm.counts();
  boost::json::object out{
      {"seconds", seconds},
      {"frames", counts.frames},
      {"frames_per_s", static_cast<double>(counts.frames) / seconds},
      {"awareness_frames", counts.awareness_frames},
      {"markers_per_s", static_cast<double>(counts.markers.count()) / seconds},
      {"bytes_per_frame", counts.bytes / std::max(counts.frames, 1UL)},
      {"age", times_of(counts.markers)},
      {"cpu_share", server.cpu_s() / seconds},
      {"cpu_us_per_frame",
       server.cpu_s() * 1e6 / static_cast<double>(std::max(counts.frames, 1UL))},
      {"memory_most", server.most_bytes()},
      {"memory_grown", server.grown_bytes()},
      {"kernel_memory_grown", server.kernel_grown_bytes()}};
  if (writer) out["written"] = writer->finish();
  swarm.read_until_quiet(quiet_seconds, drain_seconds);
  out["drain_seconds"] = static_cast<double>(now_us() - began) / 1e6 - seconds;
  return out;
}

// Who has the last change in the end, first of those who read, then of those who read again.
boost::json::object ends(Swarm& swarm, const Arguments& given) {
  const std::size_t all = given.swarm.browsers, readers = all - given.stalled;
  const auto last = swarm.last_number();
  boost::json::object out{{"readers", readers},
                          {"readers_right", swarm.with_number(last, 0, readers)},
                          {"readers_connected", swarm.connected(0, readers)}};
  if (given.stalled == 0) return out;
  swarm.resume(readers, all);
  swarm.read_until_quiet(1, drain_seconds);
  out["stalled"] = given.stalled;
  out["stalled_right"] = swarm.with_number(last, readers, all);
  out["stalled_connected"] = swarm.connected(readers, all);
  return out;
}

boost::json::object visit_rooms(const Arguments& given) {
  boost::json::array memory;
  std::size_t refused = 0;
  const auto began = now_us();
  for (std::size_t first = 0; first < given.rooms; first += rooms_at_once) {
    SwarmOptions options = given.swarm;
    options.browsers = std::min(rooms_at_once, given.rooms - first);
    options.path_of = [&, first](std::size_t i) {
      return given.swarm.place.path + std::to_string(first + i);
    };
    Swarm swarm(options);
    swarm.join_all(join_seconds_max);
    refused += options.browsers - swarm.counts().joined;
    if (first * 10 % given.rooms == 0) memory.push_back(use_of(given.server_pid).memory_bytes);
  }
  memory.push_back(use_of(given.server_pid).memory_bytes);
  return {{"rooms", given.rooms},
          {"refused", refused},
          {"seconds", static_cast<double>(now_us() - began) / 1e6},
          {"memory", memory}};
}

boost::json::object run(const Arguments& given) {
  if (given.rooms > 0) return visit_rooms(given);
  std::optional<BrowserWriter> writer;
  if (given.rate > 0) writer.emplace(given.swarm.place, content_of(given.seed_file));
  Swarm swarm(given.swarm);
  boost::json::object out;
  out["join"] = join(swarm, given);
  out["watch"] = watch(swarm, given, writer ? &*writer : nullptr);
  out["end"] = ends(swarm, given);
  return out;
}

}  // namespace
}  // namespace hub::benchmarks

int main(int argc, char** argv) {
  try {
    const auto given = hub::benchmarks::parse(argc, argv);
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    std::cout << boost::json::serialize(hub::benchmarks::run(given)) << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "yjs_load: " << error.what() << '\n';
    return 1;
  }
}
