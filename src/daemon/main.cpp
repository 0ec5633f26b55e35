// adaos-hub: the one program. Parses the command line, then either does a command or runs the hub
// until SIGINT or SIGTERM.

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <sys/resource.h>

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "cli/backup_commands.hpp"
#include "cli/command_line.hpp"
#include "cli/doctor.hpp"
#include "cli/marketplace_commands.hpp"
#include "cli/migrate_commands.hpp"
#include "cli/model_commands.hpp"
#include "cli/operations_commands.hpp"
#include "cli/published_address.hpp"
#include "cli/registry_checks.hpp"
#include "cli/registry_commands.hpp"
#include "cli/tool_commands.hpp"
#include "daemon/hub.hpp"

namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// Each browser takes a descriptor; the usual soft limit of 1024 is far below what the server
// allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const hub::cli::Serve& wanted, const hub::Clock& clock) {
  raise_descriptor_limit();
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: sigwait is the only reader
  const auto running = hub::daemon::Hub::start(wanted, hub::daemon::find_share_folders(), clock);
  if (!running) return hub::cli::report(running.error());
  const auto published =
      hub::cli::PublishedAddress::publish(wanted.base_directory, (*running)->address());
  if (!published) {
    hub::log::warning("daemon", "address_not_published", {{"error", published.error().message}});
  }
  std::cout << "address: " << (*running)->signed_address() << '\n' << std::flush;
  int signal = 0;
  sigwait(&signals, &signal);
  hub::log::info("daemon", "stopping", {{"signal", signal}});
  return 0;
}

struct Do {
  const hub::Clock& clock;
  int operator()(const hub::cli::Serve& wanted) const { return serve(wanted, clock); }
  int operator()(const hub::cli::Exit& exit) const { return exit.code; }
  template <class Wanted>
  int operator()(const Wanted& wanted) const {
    return hub::cli::run(wanted, clock);
  }
};

}  // namespace

int main(int argc, char** argv) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    if (const char* faults = std::getenv("ADAOS_HUB_FAULT")) hub::install_faults(faults);
    const hub::SystemClock clock;
    return std::visit(Do{clock}, hub::cli::parse(argc, argv, HUB_VERSION));
  } catch (const std::exception& thrown) {
    std::cerr << "adaos-hub: " << thrown.what() << '\n';
    return hub::cli::exit_failed;
  }
}
