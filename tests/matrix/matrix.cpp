#include "matrix/matrix.hpp"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <iostream>
#include <stdexcept>

namespace hub::matrix {
namespace {

const Initiator somebody{"user", "matrix"};
const OperationId none{""};

std::string environment(const char* name) {
  const char* found = std::getenv(name);
  return found ? found : "";
}

}  // namespace

MatrixOptions options_from_environment(Loss loss) {
  MatrixOptions options;
  options.loss = loss;
  options.only = environment("HUB_MATRIX_ONLY");
  if (const auto seed = environment("HUB_MATRIX_SEED"); !seed.empty()) {
    options.seed = std::stoull(seed);
  }
  options.verbose = environment("HUB_MATRIX_VERBOSE") == "1";
  if (environment("HUB_MATRIX_FULL") == "1") {
    options.points_max = 1'000'000;
    options.calls_max = 30;
    options.cuts = 4;
    options.thirds = false;
  }
  return options;
}

std::ostream& operator<<(std::ostream& out, const Figures& figures) {
  return out << figures.kinds << " kinds, " << figures.scenarios << " scenarios; " << figures.points
             << " fault points and " << figures.calls << " changes of files in them; plug pulled "
             << figures.cases + figures.twice + figures.thrice << " times: " << figures.cases
             << " once, " << figures.twice << " again during the recovery, " << figures.thrice
             << " a third time; " << figures.violations.size() << " violations";
}

Matrix::Matrix(const Premises& premises, MatrixOptions options)
    : premises_(premises), options_(std::move(options)), lottery_(options_.seed) {}

void Matrix::run(const OperationKind& kind) {
  const auto samples = samples_of(kind);
  if (samples.empty()) {
    throw std::runtime_error("cannot try " + kind.text() +
                             ": it has no sample; add one to tests/matrix/samples.cpp");
  }
  ++figures_.kinds;
  for (const auto& sample : samples) run(sample);
}

bool Matrix::is_wanted(const Scenario& one) const {
  return !enough() && one.name.find(options_.only) != std::string::npos;
}

bool Matrix::is_in_my_third(const Scenario& one) const {
  if (!options_.thirds || !options_.only.empty()) return true;
  return lottery_.number(one.name + " third") % 3 == (options_.loss == Loss::kill ? 0U : 1U);
}

void Matrix::run(const Sample& sample) {
  using enum Meddling::What;
  using enum Meddling::When;
  Scenario scenario;
  scenario.sample = &sample;
  const double often = sample.slow ? 2 : 10;
  scenario.points_max = often * options_.points_max;
  scenario.calls_max = often * options_.calls_max;
  scenario.name = sample.name + ", success";
  if (!is_wanted(scenario)) {
    // Without pulling the plug, to know how it ends; not at all when it is of another sample.
    scenario.points_max = scenario.calls_max = 0;
    if (options_.only.substr(0, options_.only.find(',')) != sample.name) return;
  }
  const auto success = run(scenario, {});
  if (success.end.status != OperationStatus::succeeded) {
    throw std::runtime_error("cannot try " + sample.name +
                             ": it does not succeed: " + success.state.message);
  }
  scenario.parent = success.parent;
  expected_points_ = static_cast<double>(success.points);
  expected_calls_ = static_cast<double>(success.calls);
  const auto count = success.state.steps.size();

  scenario.points_max = sample.slow ? 0 : options_.points_max;
  scenario.calls_max = sample.slow ? 0 : options_.calls_max;
  const Meddling fails_last{fail, before, sample.request.kind, count - 1};
  for (std::size_t step = 0; step < count && !sample.slow; ++step) {
    for (const auto what : {fail, cancel}) {
      for (const auto when : {before, after}) {
        scenario.meddling = {what, when, sample.request.kind, step};
        scenario.name = sample.name + ", " + to_text(scenario.meddling);
        // A step that is found done after the restart does not run again, so it is not meddled
        // with.
        scenario.may_succeed = what == cancel || when == after;
        if (is_wanted(scenario) && is_in_my_third(scenario)) run(scenario, {success.end});
      }
    }
  }
  scenario.meddling = {};
  scenario.may_succeed = false;
  scenario.points_max = often * options_.points_max / 2;
  scenario.calls_max = often * options_.calls_max / 2;
  scenario.setup = fails_last;
  scenario.action = Action::retry;
  scenario.name = sample.name + ", retry";
  if (is_wanted(scenario)) run(scenario, {});
  scenario.setup = {};
  scenario.action = Action::undo;
  scenario.name = sample.name + ", undo";
  if (success.state.can_undo && is_wanted(scenario)) run(scenario, {});
}

Result<OperationId> Matrix::act(const Scenario& scenario, SmallHub& hub, Recorder& recorder,
                                const OperationId& first) const {
  std::promise<Result<store::Accepted>> promise;
  switch (scenario.action) {
    case Action::ask:
      hub.manager().accept(scenario.sample->request, [&](Result<store::Accepted> accepted) {
        if (accepted) recorder.was_accepted();
        promise.set_value(std::move(accepted));
      });
      break;
    case Action::retry: promise.set_value(hub.manager().retry(first, somebody)); break;
    case Action::undo: promise.set_value(hub.manager().undo(first, somebody)); break;
  }
  auto accepted = promise.get_future().get();
  if (!accepted) return tl::unexpected(accepted.error());
  recorder.was_accepted();
  return accepted->state.operation_id;
}

Expectation Matrix::prepare(const Scenario& scenario, const fs::path& base, OperationId& first) {
  const auto start = scenario.sample->start;
  const bool asks = scenario.action == Action::ask;
  if (asks && at_start_.contains(start)) return at_start_.at(start);
  Expectation wanted;
  SmallHub hub(base, premises_.registry_url(), scenario.setup);
  hub.wait_for_catalog();
  if (!asks) {
    first = hub.manager().accept(scenario.sample->request).value().state.operation_id;
    hub.end_of(first);
  }
  if (const auto busy = hub.come_to_rest(std::chrono::minutes(1)); !busy.empty()) {
    throw std::runtime_error(scenario.name + " cannot begin: " + busy);
  }
  wanted.before = world_of(hub);
  store::OperationFilter everything;
  everything.limit = 10'000;
  for (const auto& state : hub.store().list(everything)) {
    wanted.known.push_back(state.operation_id);
  }
  wanted.operations_before = wanted.known.size();
  if (asks) at_start_[start] = wanted;
  return wanted;
}

Matrix::Course Matrix::run(const Scenario& scenario, const std::vector<End>& other_ends) {
  const fs::path folder = directory_.path() / std::to_string(++folders_);
  fs::create_directory(folder);
  const fs::path base = folder / "base";
  premises_.lay_out(scenario.sample->start, base);
  Course course;
  Expectation wanted;
  std::vector<Snapshot> snapshots;
  {
    DiskModel disk(base);
    OperationId first = none;
    wanted = prepare(scenario, base, first);
    RecorderOptions options;
    options.loss = options_.loss;
    options.folder = folder;
    options.ticket = scenario.name;
    options.share_of_points = scenario.points_max / expected_points_;
    options.share_of_calls = scenario.calls_max / expected_calls_;
    options.cuts = options_.cuts;
    options.skip_sync = options_.skip_sync;
    options.all_lost = options_.all_lost;
    Recorder recorder(disk, lottery_, options);
    recorder.start({});
    auto meddling = scenario.meddling;
    meddling.cancelled = [&recorder] { recorder.was_cancelled(); };
    SmallHub hub(base, premises_.registry_url(), meddling);
    recorder.watch(hub);
    hub.wait_for_catalog();
    premises_.publish_news();
    const auto id = act(scenario, hub, recorder, first);
    if (!id) throw std::runtime_error(scenario.name + " was refused: " + id.error().message);
    course.state = hub.end_of(*id);
    static_cast<void>(hub.come_to_rest(std::chrono::minutes(1)));  // checks name who is stuck
    recorder.at_rest();
    recorder.stop();
    course.end = end_of(hub, *id);
    course.points = recorder.points();
    course.calls = recorder.calls();
    wanted.ends = {course.end};
    course.parent = !hub.store().children_of(*id).empty();
    wanted.parent = scenario.parent || course.parent;
    wanted.whole = scenario.sample->request.kind != OperationKind("workspace.update");
    for (const auto& sentence : violations_of(hub, wanted, {true, false, {}}, 0)) {
      figures_.violations.push_back(scenario.name + ", uninterrupted: " + sentence);
    }
    snapshots = recorder.snapshots();
    if (options_.all_lost)
      std::ranges::reverse(snapshots);  // what is missing in the end is missing
  }
  if (options_.verbose) {
    std::cout << scenario.name << ": " << course.points << " points, " << course.calls
              << " changes of files, " << snapshots.size() << " copies\n";
  }
  ++figures_.scenarios;
  figures_.points += course.points;
  figures_.calls += course.calls;
  if (scenario.may_succeed) {
    wanted.ends.insert(wanted.ends.end(), other_ends.begin(), other_ends.end());
  }
  for (const auto& snapshot : snapshots) {
    if (!enough()) run_case(scenario, snapshot, wanted, 1);
  }
  fs::remove_all(folder);
  return course;
}

void Matrix::run_case(const Scenario& scenario, const Snapshot& snapshot, const Expectation& wanted,
                      int crashes) {
  (crashes == 1 ? figures_.cases : crashes == 2 ? figures_.twice : figures_.thrice) += 1;
  const std::string ticket =
      scenario.name + " " + snapshot.folder.filename().string() + " " + std::to_string(crashes);
  const bool again = crashes < 3 && lottery_.draw(ticket + " again", options_.share_again);
  const fs::path next_folder = snapshot.folder.string() + ".again";
  std::vector<Snapshot> next;
  try {
    fs::create_directory(next_folder);
    DiskModel disk(snapshot.folder);
    RecorderOptions options;
    options.loss = options_.loss;
    options.folder = next_folder;
    options.ticket = ticket;
    options.share_of_points = 0.2;
    options.share_of_calls = 0.01;
    options.copies_max = again ? 1 : 0;
    options.cuts = 1;
    options.skip_sync = options_.skip_sync;
    options.all_lost = options_.all_lost;
    Recorder recorder(disk, lottery_, options);
    recorder.start(snapshot.promises);
    auto meddling = scenario.meddling;
    meddling.cancelled = [&recorder] { recorder.was_cancelled(); };
    // Others read these while no hub runs, and a hub that starts soon mends them.
    auto found = faults_of_files(snapshot.folder);
    SmallHub hub(snapshot.folder, premises_.registry_url(), meddling);
    if (again) recorder.watch(hub);
    static_cast<void>(hub.come_to_rest(std::chrono::minutes(1)));
    recorder.stop();
    std::ranges::move(violations_of(hub, wanted, snapshot.promises, crashes),
                      std::back_inserter(found));
    report(scenario, snapshot, found);
    next = recorder.snapshots();
  } catch (const std::exception& thrown) {
    report(scenario, snapshot, {std::string("it was thrown: ") + thrown.what()});
  }
  for (auto& one : next) {
    one.point = snapshot.point + " (" + snapshot.how + "), then " + one.point;
    run_case(scenario, one, wanted, crashes + 1);
  }
  fs::remove_all(next_folder);
  fs::remove_all(snapshot.folder);
}

void Matrix::report(const Scenario& scenario, const Snapshot& snapshot,
                    const std::vector<std::string>& sentences) {
  if (sentences.empty()) return;
  std::string text = scenario.name + ", plug pulled " + snapshot.point + " (" + snapshot.how + "):";
  for (const auto& sentence : sentences) text += "\n    " + sentence;
  if (options_.verbose) std::cout << text << '\n' << std::flush;
  figures_.violations.push_back(std::move(text));
}

}  // namespace hub::matrix
