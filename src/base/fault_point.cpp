#include "base/fault_point.hpp"

#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

namespace hub {
namespace {

std::atomic<FaultHook>& hook() {
  static std::atomic<FaultHook> one{nullptr};
  return one;
}

struct Faults {
  int kill_at = 0;
  int delay_ms = 0;
  std::string trace;
  std::mutex mutex;
  int passed = 0;
};

Faults& faults() {
  static Faults one;
  return one;
}

void meet_fault(std::string_view point) {
  auto& wanted = faults();
  {
    const std::lock_guard guard(wanted.mutex);
    wanted.passed += 1;
    if (!wanted.trace.empty()) {
      std::ofstream(wanted.trace, std::ios::app) << point << '\n';
    }
    if (wanted.passed == wanted.kill_at) ::kill(::getpid(), SIGKILL);
  }
  if (wanted.delay_ms > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(wanted.delay_ms));
  }
}

}  // namespace

void set_fault_hook(FaultHook wanted) { hook() = wanted; }

void fault_point(std::string_view point) {
  if (const FaultHook set = hook().load(std::memory_order_relaxed)) set(point);
}

void install_faults(std::string_view text) {
  auto& wanted = faults();
  while (!text.empty()) {
    const auto end = text.find(',');
    const std::string part(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (part.starts_with("kill_at=")) {
      wanted.kill_at = std::stoi(part.substr(8));
    } else if (part.starts_with("delay_ms=")) {
      wanted.delay_ms = std::stoi(part.substr(9));
    } else if (part.starts_with("trace=")) {
      wanted.trace = part.substr(6);
    } else {
      throw std::invalid_argument("cannot read ADAOS_HUB_FAULT: unknown part " + part);
    }
  }
  set_fault_hook(meet_fault);
}

}  // namespace hub
