#include "workflows/model_download.hpp"

#include <thread>

#include <sys/stat.h>

#include "base/fault_point.hpp"
#include "base/text.hpp"
#include "transfer/download.hpp"
#include "transfer/part_file.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using artifacts::SwitchPlan;
using models::Model;
using models::ModelStore;
using models::WantedFile;
using operations::Plan;
using operations::Presence;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

constexpr const char* download_step = "download";
constexpr std::chrono::milliseconds busy_pause{200};

struct DownloadIntent {
  std::string name;
  models::WantedModel wanted;
};
BOOST_DESCRIBE_STRUCT(DownloadIntent, (), (name, wanted))

// One model on its way; each step's functions share it.
struct Delivery {
  Tools tools;
  ModelStore store;
  DownloadIntent intent;

  fs::path made(const StepContext& run) const {  // becomes the model's folder
    return store.work(run.operation_id()) / "new";
  }
  fs::path place() const { return store.folder(intent.name); }
};

// How far the whole is, while one file comes after the other.
class Tally {
 public:
  Tally(const Delivery& delivery, StepContext& run)
      : run_(run), name_(delivery.intent.name), total_(models::size_of(delivery.intent.wanted)) {}

  void show(std::int64_t of_this_file, const std::string& path) {
    const auto done = before_ + of_this_file;
    std::string text = "downloading " + name_ + ": " + size_text(done);
    if (total_) text += " of " + size_text(*total_);
    run_.progress({done, total_, "bytes"}, text + " (" + path + ")");
  }
  void is_there(std::int64_t bytes) { before_ += bytes; }
  std::int64_t bytes() const { return before_; }

 private:
  StepContext& run_;
  std::string name_;
  std::optional<std::int64_t> total_;
  std::int64_t before_ = 0;
};

void add_to_note(StepContext& run, const char* name, std::int64_t more) {
  auto& kept = run.notes()[name];
  kept = (kept.is_int64() ? kept.get_int64() : 0) + more;
}

Result<transfer::Downloaded> fetch(const Delivery& delivery, const WantedFile& file, Tally& tally,
                                   StepContext& run) {
  const auto& wanted = delivery.intent.wanted;
  transfer::DownloadRequest request;
  request.part = delivery.store.partial(file.sha256);
  request.urls = file.urls;
  request.sha256 = file.sha256;
  request.size_bytes = file.size;
  request.connections = static_cast<std::size_t>(wanted.connections);
  request.rate_limit_bytes_per_s = wanted.rate_limit_bytes_per_s;
  request.progress = [&](std::int64_t done, std::optional<std::int64_t>) {
    tally.show(done, file.path);
  };
  request.log = [&](const std::string& line) { run.log(file.path + ": " + line); };
  request.stop = [&run] { return run.stop_requested(); };
  for (;;) {
    auto got = transfer::download(request);
    const bool busy = !got && got.error().reason == "part_busy";
    if (!busy) return got;
    if (run.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    run.progress({tally.bytes(), std::nullopt, "bytes"},
                 "waiting: another operation is downloading " + file.path);
    std::this_thread::sleep_for(busy_pause);
  }
}

// The same file, earlier in the list.
std::optional<fs::path> made_already(const Delivery& delivery, const WantedFile& file,
                                     const StepContext& run) {
  for (const auto& other : delivery.intent.wanted.files) {
    if (&other == &file) return std::nullopt;
    if (other.sha256 == file.sha256) return delivery.made(run) / other.path;
  }
  return std::nullopt;
}

Result<> bring(const Delivery& delivery, const WantedFile& file, Tally& tally, StepContext& run) {
  const auto target = delivery.made(run) / file.path;
  HUB_CHECK(make_directories(target.parent_path()));
  if (const auto twin = made_already(delivery, file, run)) {
    std::error_code ec;
    fs::create_hard_link(*twin, target, ec);
    if (ec) return fail(ErrorCode::unavailable, "cannot link " + target.string(), "disk_failed");
    return sync_path(target.parent_path());
  }
  HUB_TRY(linked, delivery.store.link_known(file.sha256, file.size, target,
                                            [&run] { return run.stop_requested(); }));
  if (linked == ModelStore::Linked::yes) {
    run.log(file.path + ": another model has it");
    add_to_note(run, "shared_files", 1);
    return {};
  }
  HUB_TRY(got, fetch(delivery, file, tally, run));
  fault_point("fetched:" + file.path);
  HUB_CHECK(transfer::PartFile::take(delivery.store.partial(file.sha256), target));
  fault_point("taken:" + file.path);
  run.log(file.path + ": " + std::to_string(got.size_bytes) + " bytes, verified; " +
          std::to_string(got.received_bytes) + " received, " + std::to_string(got.found_bytes) +
          " were here, " + std::to_string(got.cuts) + " cuts");
  for (const auto& mirror : got.dropped) run.warn(mirror + " was not used: the log says why");
  add_to_note(run, "received_bytes", got.received_bytes);
  add_to_note(run, "cuts", got.cuts);
  return run.save_notes();
}

Result<> download(const Delivery& delivery, StepContext& run) {
  Tally tally(delivery, run);
  for (const auto& file : delivery.intent.wanted.files) {
    const auto target = delivery.made(run) / file.path;
    std::error_code ec;
    if (!fs::exists(target, ec)) HUB_CHECK(bring(delivery, file, tally, run));
    tally.is_there(static_cast<std::int64_t>(fs::file_size(target)));
    tally.show(0, file.path);
  }
  return {};
}

Model model_of(const Delivery& delivery, const StepContext& run) {
  Model model;
  model.name = delivery.intent.name;
  for (const auto& file : delivery.intent.wanted.files) {
    const auto size = static_cast<std::int64_t>(fs::file_size(delivery.made(run) / file.path));
    model.files.push_back({file.path, size, file.sha256});
    model.size += size;
  }
  model.downloaded_at = delivery.tools.clock.now();
  model.operation_id = run.operation_id();
  return model;
}

bool is_same(const Model& one, const Model& other) {
  return !one.broken && to_json(one.files) == to_json(other.files);
}

void tell(const Delivery& delivery, const Model& model, const std::string& how, StepContext& run) {
  const auto notes = run.notes_of(download_step);
  const auto count = [&](const char* name) {
    const auto* found = notes.if_contains(name);
    return found ? *found : Json(0);
  };
  run.result("target_kind", Json("model"));
  run.result("target_id", Json(model.name));
  run.result("folder", Json(delivery.place().string()));
  run.result("size", Json(model.size));
  run.result("files", Json(static_cast<std::int64_t>(model.files.size())));
  run.result("received_bytes", count("received_bytes"));
  run.result("shared_files", count("shared_files"));
  run.result("cuts", count("cuts"));
  run.conclude("model " + model.name + " " + how + ": " + std::to_string(model.files.size()) +
               (model.files.size() == 1 ? " file, " : " files, ") + size_text(model.size));
}

Result<> publish(const Delivery& delivery, StepContext& run) {
  auto& notes = run.notes();
  if (!notes.contains("switch")) {
    const auto model = model_of(delivery, run);
    const auto known = delivery.store.find(model.name);
    if (known && is_same(*known, model)) {
      tell(delivery, model, "was here already", run);
      return {};
    }
    const auto text = boost::json::serialize(to_json(model)) + "\n";
    HUB_CHECK(write_file_atomic(delivery.made(run) / models::manifest_name, text));
    HUB_CHECK(sync_tree(delivery.made(run)));
    for (const auto& file : model.files) {
      HUB_CHECK(transfer::PartFile::discard(delivery.store.partial(file.sha256)));
    }
    HUB_TRY(plan, Shelf::plan(delivery.made(run), delivery.place()));
    notes["switch"] = to_json(plan);
    tell(delivery, model, "is here", run);
    HUB_CHECK(run.save_notes());
  }
  HUB_TRY(plan, from_json<SwitchPlan>(notes.at("switch"), "notes.switch"));
  fault_point("planned:model");
  return Shelf::switch_in(plan, delivery.made(run), delivery.place());
}

Presence is_published(const Delivery& delivery, StepContext& run) {
  const auto* noted = run.notes().if_contains("switch");
  if (!noted) return Presence::absent;
  const auto plan = from_json<SwitchPlan>(*noted, "notes.switch");
  return plan && Shelf::is_switched(*plan, delivery.place()) ? Presence::present : Presence::absent;
}

Result<> take_back(const Delivery& delivery, StepContext& run) {
  const auto* noted = run.notes().if_contains("switch");
  if (!noted) return {};
  HUB_TRY(plan, from_json<SwitchPlan>(*noted, "notes.switch"));
  return Shelf::switch_back(plan, delivery.made(run), delivery.place());
}

// The hub looks at the free space of its own disk; a model may go to another one.
bool is_on_one_disk(const fs::path& a, const fs::path& b) {
  struct stat of_a{}, of_b{};
  return ::stat(a.c_str(), &of_a) != 0 || ::stat(b.c_str(), &of_b) != 0 ||
         of_a.st_dev == of_b.st_dev;
}

}  // namespace

Result<Plan> ModelDownload::resolve(const OperationRequest& request) const {
  HUB_CHECK(models::check_name(request.target_id));
  HUB_TRY(wanted, models::read_wanted(request.params));
  Plan plan;
  plan.bytes = models::size_of(wanted);
  if (is_on_one_disk(store_.root(), tools_.shelf.base())) plan.space_needed = plan.bytes;
  plan.locks = {{Resource("model:" + request.target_id)}};
  plan.title_key = "operation.model.download";
  plan.title_args = {{"name", request.target_id}, {"title", request.target_id}};
  plan.message = "waiting to download model " + request.target_id;
  plan.intent = to_json(DownloadIntent{request.target_id, std::move(wanted)});
  return plan;
}

std::vector<Step> ModelDownload::steps(const Json& stored) const {
  const auto delivery = std::make_shared<const Delivery>(
      Delivery{tools_, store_, from_json<DownloadIntent>(stored, "intent").value()});
  Step fetching;
  fetching.name = download_step;
  fetching.weight = 50;
  fetching.timeout = std::chrono::hours(24 * 7);
  fetching.retry = {.attempts_max = 20, .delay_first = std::chrono::seconds(2)};
  fetching.run = [delivery](StepContext& run) { return download(*delivery, run); };
  Step publishing;
  publishing.name = "publish";
  publishing.kind = StepClass::fs_publish;
  publishing.run = [delivery](StepContext& run) { return publish(*delivery, run); };
  publishing.probe = [delivery](StepContext& run) { return is_published(*delivery, run); };
  publishing.undo = [delivery](StepContext& run) { return take_back(*delivery, run); };
  return {fetching, publishing};
}

void ModelDownload::clean_up(const OperationId& id) const {
  store_.discard(id, tools_.clock.now());
}

}  // namespace hub::workflows
