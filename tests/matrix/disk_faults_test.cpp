// A disk that fails under a whole hub: once it works again, or after a restart, everything must be
// as if nothing had happened, or as if it had not been asked for.

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <sstream>

#include <doctest/doctest.h>

#include "matrix/forked.hpp"
#include "matrix/matrix.hpp"
#include "matrix/premises.hpp"

namespace hub::matrix {
namespace {

struct Fault {
  std::string name;
  int error = 0;
  std::size_t length_max = 1;  // calls in a row that fail; how many is drawn
  std::function<bool(const Call&)> hits;
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all{
      {"full disk", ENOSPC, 12,
       [](const Call& call) {
         using enum CallKind;
         return call.kind == create || call.kind == write || call.kind == truncate ||
                call.kind == make_directory;
       }},
      {"full disk at a commit", ENOSPC, 1,
       [](const Call& call) {
         return call.kind == CallKind::write && call.path == "state/hub.db-wal";
       }},
      {"write that fails", EIO, 1, [](const Call& call) { return call.kind == CallKind::write; }},
      {"fsync that fails", EIO, 1,
       [](const Call& call) {
         return call.kind == CallKind::sync_file || call.kind == CallKind::sync_directory;
       }},
  };
  return all;
}

// Makes some of the calls that a fault could hit fail.
class Disk {
 public:
  Disk(const fs::path& root, const Fault& fault, std::size_t at, std::size_t length)
      : model_(root) {
    model_.set_hooks({.refuse = [this, &fault, at, length](const Call& call) {
      if (!fault.hits(call)) return 0;
      const auto number = ++calls_;
      if (number < at || number >= at + length) return 0;
      std::cout << "failed: " << call.path << std::endl;
      return fault.error;
    }});
  }

 private:
  DiskModel model_;
  std::size_t calls_ = 0;  // under the model's lock
};

// Asks for the sample and waits for whatever becomes of it. Tells whether it was accepted.
std::optional<OperationId> ask(SmallHub& hub, const Sample& sample, std::ostream& out) {
  hub.wait_for_catalog();
  premises().publish_news();
  try {
    const auto accepted = hub.manager().accept(sample.request);
    if (!accepted) return std::nullopt;
    out << "accepted" << std::endl;
    hub.end_of(accepted->state.operation_id);
    return accepted->state.operation_id;
  } catch (const sql::Failure&) {  // what a client sees as 507
    return std::nullopt;
  }
}

std::vector<OperationState> operations_of(SmallHub& hub) {
  store::OperationFilter everything;
  everything.limit = 1000;
  return hub.store().list(everything);
}

// In the process that lives through the fault.
void live_through(const fs::path& base, const Sample& sample, std::ostream& out) {
  std::unique_ptr<SmallHub> hub;
  try {
    hub = std::make_unique<SmallHub>(base, premises().registry_url());
  } catch (const std::exception& refused) {
    out << "did not start: " << refused.what() << std::endl;
    return;
  }
  ask(*hub, sample, out);
  if (const auto busy = hub->come_to_rest(std::chrono::seconds(30)); !busy.empty()) {
    out << "violation: it does not come to rest: " << busy << std::endl;
  }
}

// One sample, on a disk in trouble.
class Trouble {
 public:
  explicit Trouble(const Sample& sample) : sample_(sample) {
    const auto calm = lay_out("calm");
    {
      SmallHub hub(calm, premises().registry_url());
      hub.wait_for_catalog();
      expected_.before = world_of(hub);
      for (const auto& state : operations_of(hub)) expected_.known.push_back(state.operation_id);
    }
    SmallHub hub(calm, premises().registry_url());
    std::ostringstream nobody;
    const auto id = ask(hub, sample_, nobody);
    REQUIRE(id);
    REQUIRE(hub.come_to_rest(std::chrono::seconds(20)).empty());
    expected_.ends = {matrix::end_of(hub, *id)};
    expected_.parent = !hub.store().children_of(*id).empty();
    expected_.disk_failed = true;
  }

  // How many calls of an undisturbed run each fault could hit.
  std::vector<std::size_t> count() const {
    const auto base = lay_out("dry");
    std::vector<std::size_t> calls(faults().size());
    DiskModel disk(base);
    disk.set_hooks({.before = [&](const Call& call) {
      for (std::size_t i = 0; i < calls.size(); ++i) calls[i] += faults()[i].hits(call) ? 1U : 0U;
    }});
    std::ostringstream nobody;
    live_through(base, sample_, nobody);
    disk.set_hooks({});
    return calls;
  }

  // In a process of its own, which the fault may end; then a restart, then a power cut and another.
  std::vector<std::string> violations(const Fault& fault, std::size_t at, std::size_t length) {
    const auto base = lay_out("broken");
    ran_ = in_a_fork([&](std::ostream& out) {
      const Disk disk(base, fault, at, length);
      live_through(base, sample_, out);
      std::_Exit(EXIT_SUCCESS);  // with its books
    });
    std::vector<std::string> found;
    std::istringstream lines(ran_.output);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("violation: ") || line.find("Sanitizer") != std::string::npos) {
        found.push_back(line);
      }
    }
    if (ran_.exit_code > EXIT_FAILURE) {  // a hub that ends itself ends with that
      found.push_back("it ended with exit code " + std::to_string(ran_.exit_code));
    }
    const auto dark = directory_.path() / "broken" / "dark";
    {
      DiskModel disk(base);
      check(base, "restarted", found);
      // Nothing may be built on what a failed fsync left: it is never written.
      disk.copy_power_lost(dark, {PowerCut::Unsynced::lost, 0});
    }
    const DiskModel disk(dark);
    check(dark, "after a power cut", found);
    return found;
  }
  bool was_hit() const { return ran_.output.find("failed: ") != std::string::npos; }
  const std::string& output() const { return ran_.output; }

 private:
  fs::path lay_out(const char* name) const {
    const auto folder = directory_.path() / name;
    fs::remove_all(folder);
    fs::create_directory(folder);
    premises().lay_out(sample_.start, folder / "base");
    return folder / "base";
  }

  void check(const fs::path& base, const std::string& when, std::vector<std::string>& found) const {
    SmallHub hub(base, premises().registry_url());
    static_cast<void>(hub.come_to_rest(std::chrono::seconds(20)));
    auto wanted = expected_;
    for (const auto& state : operations_of(hub)) {
      if (state.undo_of) wanted.known.push_back(state.operation_id);
      if (state.effects != Effects::partial || !state.can_undo) continue;
      // What could not be taken back on the broken disk can be now.
      const auto undo = hub.manager().undo(state.operation_id, {"user", "matrix"});
      if (!undo) {
        found.push_back(when + ": what is left cannot be undone: " + undo.error().message);
        continue;
      }
      wanted.known.push_back(undo->state.operation_id);
      const auto end = hub.end_of(undo->state.operation_id);
      if (end.status != OperationStatus::succeeded) {
        found.push_back(when + ": what is left could not be undone: " + end.message);
      }
    }
    const bool accepted = ran_.output.find("accepted\n") != std::string::npos;
    for (auto& one : violations_of(hub, wanted, {accepted, false, {}}, 1)) {
      found.push_back(when + ": " + one);
    }
  }

  const Sample& sample_;
  TemporaryDirectory directory_;
  Expectation expected_;
  Forked ran_;
};

TEST_CASE(
    "a hub whose disk fails for a moment goes on as if it had not, or says that it could not") {
  const auto options = options_from_environment(Loss::power);
  const bool full = options.points_max > 1000;
  const Lottery lottery(options.seed);
  std::size_t cases = 0, hit = 0, violations = 0;
  for (const auto& kind : every_kind()) {
    for (const auto& sample : samples_of(kind)) {
      if (sample.slow || sample.name.find(options.only) == std::string::npos) continue;
      Trouble trouble(sample);
      const auto counts = trouble.count();
      for (std::size_t which = 0; which < faults().size(); ++which) {
        const auto& fault = faults()[which];
        const auto calls = counts[which];
        const std::size_t wanted = full ? std::min<std::size_t>(calls, 60) : 1;
        for (std::size_t i = 0; i < wanted && calls > 0; ++i) {
          const auto ticket = sample.name + " " + fault.name + " " + std::to_string(i);
          const auto draw = lottery.number(ticket);
          const auto at = full && wanted == calls ? i + 1 : 1 + draw % calls;
          const auto length = 1 + (draw >> 32U) % fault.length_max;
          const auto found = trouble.violations(fault, at, length);
          ++cases;
          hit += trouble.was_hit() ? 1U : 0U;
          violations += found.size();
          if (options.verbose) {
            std::cout << ticket << ": " << length << " calls from " << at << " of " << calls << ", "
                      << found.size() << " violations" << std::endl;
          }
          for (const auto& one : found) {
            FAIL_CHECK(ticket, ", ", length, " calls from ", at, " of ", calls, ": ", one, "\n",
                       trouble.output());
          }
        }
      }
    }
  }
  std::cout << "disk faults: " << cases << " cases, " << hit << " in which a call failed, "
            << violations << " violations\n";
  CHECK(cases > 0);
  CHECK(hit * 10 >= cases * 8);
}

}  // namespace
}  // namespace hub::matrix
