// Durable accepts over HTTP, against a running hub: how many a second from many keep-alive
// connections, or how long each takes at a fixed rate. F of the disk is measured just before and
// just after, in the hub's own folder. Prints one line of JSON.
//
//   accept_load --port N --token T --folder BASE_DIR [--connections 64] [--requests 10000]
//               [--rate 1000] [--prefix skill_] [--first 0]
//
// Each request installs another skill: <prefix><number in six digits>. Fails unless each of them
// was answered 202 with an operation of its own. benchmarks/run starts the hub, the registry and
// this.

#include <iostream>
#include <set>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "load.hpp"

namespace hub::benchmarks {
namespace {

struct Arguments {
  LoadOptions load;
  std::string token;
  std::string folder;
  std::string prefix = "skill_";
  std::size_t first = 0;
};

Arguments parse(int argc, char** argv) {
  Arguments given;
  CLI::App app{"durable accepts over HTTP", "accept_load"};
  app.add_option("--address", given.load.address, "IPv4 address of the hub");
  app.add_option("--port", given.load.port)->required();
  app.add_option("--token", given.token)->required();
  app.add_option("--folder", given.folder, "where F is measured: the hub's base directory")
      ->required();
  app.add_option("--connections", given.load.connections);
  app.add_option("--requests", given.load.requests);
  app.add_option("--rate", given.load.per_second,
                 "requests a second; absent: as many as go through");
  app.add_option("--seed", given.load.seed, "of the arrivals");
  app.add_option("--prefix", given.prefix, "of the skills' names");
  app.add_option("--first", given.first, "number of the first skill");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return given;
}

// The text of the i-th request, written over the last one.
class Requests {
 public:
  explicit Requests(const Arguments& given) : first_(given.first) {
    const std::string name = given.prefix + "000000";
    const std::string body = R"({"name":")" + name + R"(","async_operation":true})";
    text_ = "POST /api/skills/install HTTP/1.1\r\nHost: " + given.load.address + ":" +
            std::to_string(given.load.port) + "\r\nAuthorization: Bearer " + given.token +
            "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
    digits_at_ = text_.rfind("000000");
  }
  std::string_view operator()(std::size_t i) {
    std::size_t number = first_ + i;
    for (std::size_t digit = 6; digit-- > 0; number /= 10) {
      text_[digits_at_ + digit] = static_cast<char>('0' + number % 10);
    }
    return text_;
  }

 private:
  std::size_t first_;
  std::string text_;
  std::size_t digits_at_ = 0;
};

std::string operation_in(std::string_view body) {
  constexpr std::string_view key = R"("operation_id":")";
  const auto at = body.find(key);
  if (at == std::string_view::npos) return {};
  const auto rest = body.substr(at + key.size());
  return std::string(rest.substr(0, rest.find('"')));
}

boost::json::object times_of(std::vector<Nanoseconds>& times) {
  return {{"p50_ms", in_ms(percentile(times, 0.5))},
          {"p99_ms", in_ms(percentile(times, 0.99))},
          {"max_ms", in_ms(percentile(times, 1))}};
}

int run(const Arguments& given) {
  const auto before = measure_disk(given.folder);
  std::vector<std::string> ids;
  ids.reserve(given.load.requests);
  std::string first_refusal;
  Requests requests(given);
  auto result = run_load(
      given.load, [&](std::size_t i) { return requests(i); },
      [&](const HttpAnswer& answer) {
        if (answer.status == 202) {
          ids.push_back(operation_in(answer.body));
        } else if (first_refusal.empty()) {
          first_refusal = answer.body;
        }
      });
  const auto after = measure_disk(given.folder);
  const std::set<std::string> distinct(ids.begin(), ids.end());
  const double seconds = std::chrono::duration<double>(result.took).count();
  boost::json::object statuses;
  for (const auto& [status, count] : result.statuses) statuses[std::to_string(status)] = count;
  std::cout << boost::json::object{{"accepted", distinct.size()},
                                   {"seconds", seconds},
                                   {"per_second", static_cast<double>(distinct.size()) / seconds},
                                   {"statuses", statuses},
                                   {"latency", times_of(result.times)},
                                   {"sent_late", times_of(result.waits)},
                                   {"disk",
                                    {{"p50_ms", (in_ms(before.p50) + in_ms(after.p50)) / 2},
                                     {"p99_ms", (in_ms(before.p99) + in_ms(after.p99)) / 2}}}}
            << '\n';
  if (distinct.size() == given.load.requests) return 0;
  std::cerr << "accept_load: " << given.load.requests << " requests made " << distinct.size()
            << " operations";
  if (!first_refusal.empty()) std::cerr << "; the first refusal: " << first_refusal;
  std::cerr << '\n';
  return 1;
}

}  // namespace
}  // namespace hub::benchmarks

int main(int argc, char** argv) {
  try {
    return hub::benchmarks::run(hub::benchmarks::parse(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "accept_load: " << error.what() << '\n';
    return 1;
  }
}
