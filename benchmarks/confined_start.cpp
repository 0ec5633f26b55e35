// What it costs to start a program confined: the same program plain and confined, in turns.
//
//   confined_start [PROGRAM…]       default: /bin/true; prints medians in milliseconds

#include <algorithm>
#include <iostream>

#include "sandbox/confined_process.hpp"

namespace {

using std::chrono::steady_clock;
constexpr int runs = 101;

double milliseconds_of(const std::function<bool()>& run) {
  const auto began = steady_clock::now();
  if (!run()) throw std::runtime_error("the program did not run");
  return std::chrono::duration<double, std::milli>(steady_clock::now() - began).count();
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> program(argv + 1, argv + argc);
  if (program.empty()) program = {"/bin/true"};
  const hub::sandbox::ConfinedProcess confined{.arguments = program, .directory = "/"};
  const hub::ProcessRequest plain{.arguments = program};
  if (!hub::sandbox::run_confined(confined)) {
    std::cerr << "confined_start: cannot run " << program[0] << '\n';
    return 1;
  }
  std::vector<double> plain_ms, confined_ms;
  for (int i = 0; i < runs; ++i) {
    plain_ms.push_back(milliseconds_of([&] { return run_process(plain).has_value(); }));
    confined_ms.push_back(milliseconds_of([&] { return run_confined(confined).has_value(); }));
  }
  std::cout << "plain " << median(plain_ms) << " ms, confined " << median(confined_ms) << " ms\n";
}
