// The feed under random kills: nothing lost, nothing reordered, nothing twice, one notification for
// each end. A driver process works the store as fast as it can; this one follows the feed, kills
// the driver with SIGKILL again and again, and checks everything.
//
//   feed_test        HUB_FEED_EVENTS (30000), HUB_FEED_SEED (random), HUB_FEED_FOLDER (a temporary
//                    one) in the environment. Exit code 1: something was wrong.

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <sys/prctl.h>

#include "base/files.hpp"
#include "driver.hpp"
#include "trial.hpp"

namespace hub::feed_test {
namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error("want a number, got " + std::string(text));
  }
  return number;
}

template <class Number>
Number from_environment(const char* name, Number otherwise) {
  const char* text = std::getenv(name);
  return text ? number_of<Number>(text) : otherwise;
}

int judge(const fs::path& folder) {
  TrialOptions options;
  options.events = from_environment<std::int64_t>("HUB_FEED_EVENTS", options.events);
  options.seed = from_environment<std::uint64_t>("HUB_FEED_SEED", std::random_device{}());
  std::cout << "seed " << options.seed << std::endl;
  Ledger ledger;
  const auto start = std::chrono::steady_clock::now();
  const auto trial = run_trial(folder, options, ledger);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto answers = ledger.compare_answers(answers_in(folder));
  const auto durable = ledger.compare_durable(durable_in(folder));
  ledger.compare_database(database_in(folder));
  const auto& wrong = ledger.wrong();
  std::cout << "events " << ledger.last_seq() << ", operations " << ledger.operations()
            << ", ended " << ledger.ended() << ", in " << took.count() << " s\n"
            << "starts " << trial.starts << ", killed at work " << trial.kills
            << ", killed while opening " << trial.kills_opening << '\n'
            << "answers held against the feed " << answers << '\n'
            << "durable consumer: delivered " << durable.delivered << ", again after a kill "
            << durable.again << '\n'
            << "lost " << wrong.lost << ", reordered " << wrong.reordered << ", duplicated "
            << wrong.duplicated << ", forbidden " << wrong.forbidden << ", other " << wrong.other
            << '\n';
  for (const auto& example : wrong.examples) std::cout << "  " << example << '\n';
  if (trial.kills == 0) {
    std::cout << "no driver was killed at work: nothing was tried\n";
    return EXIT_FAILURE;
  }
  return wrong.total() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int drive_one(char** arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no driver outlives its judge
  DriverOptions options;
  options.folder = arguments[0];
  options.socket = number_of<int>(arguments[1]);
  options.seed = number_of<std::uint64_t>(arguments[2]);
  drive(options);
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--driver") return drive_one(argv + 2);
  if (const char* folder = std::getenv("HUB_FEED_FOLDER")) return judge(folder);
  const TemporaryDirectory folder;
  return judge(folder.path());
}

}  // namespace
}  // namespace hub::feed_test

int main(int argc, char** argv) {
  try {
    return hub::feed_test::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "feed_test: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
