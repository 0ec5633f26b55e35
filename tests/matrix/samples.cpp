#include "matrix/samples.hpp"

#include <map>
#include <stdexcept>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "migration/test_workspace.hpp"
#include "registry/init_registry.hpp"
#include "registry/push.hpp"
#include "transfer/test_server.hpp"

namespace hub::matrix {
namespace {

OperationRequest request(const char* kind, const char* target_kind, const char* target) {
  OperationRequest wanted;
  wanted.kind = OperationKind(kind);
  wanted.target_kind = target_kind;
  wanted.target_id = target;
  wanted.initiator = {"user", "matrix"};
  return wanted;
}

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

void write(const fs::path& path, const std::string& text) {
  must(make_directories(path.parent_path()));
  must(write_file_atomic(path, text));
}

void write_skill(const fs::path& folder, const std::string& version) {
  const std::string name = folder.filename().string();
  write(folder / "skill.yaml", "name: " + name + "\nversion: " + version +
                                   "\ndescription: a sample\nentry: handlers/main.py\n");
  write(folder / "handlers/main.py", "def run():\n    return '" + name + " " + version + "'\n");
  // Longer than a page, so that it can be torn.
  std::string words;
  for (int i = 0; i < 1500; ++i) {
    words.append(name).append(" ").append(version).append(" ").append(std::to_string(i)) += '\n';
  }
  write(folder / "data/words.txt", words);
}

// The outside world that models come from, for as long as the tests run.
const transfer::TestServer& model_server() {
  static transfer::TestServer server;
  static const bool served = [] {
    ::setenv("no_proxy", "127.0.0.1", 1);
    server.serve("/weights", {.content = transfer::made_content(70'000, 1), .cut_after = 40'000});
    server.serve("/words", {.content = transfer::made_content(5'000, 2)});
    return true;
  }();
  static_cast<void>(served);
  return server;
}

OperationRequest model_request() {
  auto wanted = request("model.download", "model", "tiny");
  boost::json::array files;
  for (const auto& [path, size, seed] :
       {std::tuple("weights", 70'000, 1U), std::tuple("words", 5'000, 2U)}) {
    const auto content = transfer::made_content(static_cast<std::size_t>(size), seed);
    files.push_back({{"path", std::string("data/") + path},
                     {"size", size},
                     {"sha256", to_hex(sha256(content))},
                     {"urls", {model_server().url(std::string("/") + path)}}});
  }
  wanted.params = {{"files", std::move(files)}};
  return wanted;
}

// A workspace of AdaOS, outside of all that the plug is pulled on.
OperationRequest migration_request() {
  static const TemporaryDirectory folder;
  static const migration::testing::TestWorkspace adaos = [] {
    const migration::testing::TestWorkspace made(folder.path() / "adaos");
    made.skill("radio", "1.2.0", "B");
    made.skill("kettle", "0.9.0");
    made.scenario("morning", "0.3.0", "radio");
    return made;
  }();
  auto wanted = request("migration.run", "workspace", "adaos");
  wanted.params = {{"source", adaos.root().string()}};
  return wanted;
}

// With its links as links.
void copy_folder(const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

void write_scenario(const fs::path& folder, const std::string& version) {
  write(folder / "scenario.yaml", "id: " + folder.filename().string() + "\nversion: " + version +
                                      "\ndepends:\n  - lamp\n  - sensor\n");
}

}  // namespace

std::vector<Sample> samples_of(const OperationKind& kind) {
  static const std::vector<Sample> all{
      {"skill.install", Start::bare, request("skill.install", "skill", "lantern")},
      {"skill.install over an older version", Start::outdated,
       request("skill.install", "skill", "lantern")},
      {"skill.install with packages", Start::bare, request("skill.install", "skill", "table_skill"),
       true},
      {"skill.update", Start::outdated, request("skill.update", "skill", "lantern")},
      {"skill.rollback", Start::updated, request("skill.rollback", "skill", "lantern")},
      {"skill.pin", Start::outdated, request("skill.pin", "skill", "lantern")},
      {"skill.unpin", Start::updated, request("skill.unpin", "skill", "lamp")},
      {"scenario.update", Start::outdated, request("scenario.update", "scenario", "evening")},
      {"scenario.rollback", Start::updated, request("scenario.rollback", "scenario", "evening")},
      {"scenario.pin", Start::outdated, request("scenario.pin", "scenario", "evening")},
      {"scenario.unpin", Start::updated, request("scenario.unpin", "scenario", "evening")},
      {"skill.uninstall", Start::outdated, request("skill.uninstall", "skill", "lantern")},
      {"skill.uninstall with packages", Start::outdated,
       request("skill.uninstall", "skill", "table_skill")},
      {"scenario.install with its skills", Start::bare,
       request("scenario.install", "scenario", "evening")},
      {"scenario.install over an older version", Start::outdated,
       request("scenario.install", "scenario", "evening")},
      {"scenario.uninstall", Start::outdated, request("scenario.uninstall", "scenario", "evening")},
      {"skill.push", Start::bare, request("skill.push", "skill", "kettle")},
      {"scenario.push", Start::bare, request("scenario.push", "scenario", "breakfast")},
      {"registry.refresh", Start::unaware, request("registry.refresh", "registry", "registry")},
      {"diagnostics.run", Start::outdated, request("diagnostics.run", "hub", "hub"), true},
      {"migration.run", Start::bare, migration_request()},
      {"model.download", Start::bare, model_request()},
      {"model.download over another", Start::outdated, model_request()},
      {"model.remove", Start::outdated, request("model.remove", "model", "tiny")},
      {"workspace.update", Start::outdated, request("workspace.update", "workspace", "workspace")},
      {"workspace.update with news", Start::unaware,
       request("workspace.update", "workspace", "workspace")},
  };
  std::vector<Sample> found;
  for (const auto& sample : all) {
    if (sample.request.kind == kind) found.push_back(sample);
  }
  return found;
}

Premises::Premises() {
  const SystemClock clock;
  must(registry::init_registry(directory_.path() / "registry-1.0.0", clock));
  show("1.0.0");
  publish("1.0.0");
  settle(folder_of(Start::unaware), {request("skill.install", "skill", "lantern"),
                                     request("skill.install", "skill", "table_skill"),
                                     request("scenario.install", "scenario", "evening")});
  fs::copy(directory_.path() / "registry-1.0.0", directory_.path() / "registry-1.1.0",
           fs::copy_options::recursive);
  show("1.1.0");
  publish("1.1.0");
  copy_folder(folder_of(Start::unaware), folder_of(Start::outdated));
  auto older = model_request();
  older.params.at("files").as_array().resize(1);
  settle(folder_of(Start::outdated), {older});
  copy_folder(folder_of(Start::outdated), folder_of(Start::updated));
  settle(folder_of(Start::updated),
         {request("workspace.update", "workspace", "workspace"),
          request("skill.pin", "skill", "lamp"), request("scenario.pin", "scenario", "evening")});
  // What authors write on this hub: published once, so that the mirror they push through is there.
  const fs::path dev = folder_of(Start::bare) / "dev" / "home";
  write_skill(dev / "skills" / "kettle", "1.0.0");
  write_scenario(dev / "scenarios" / "breakfast", "1.0.0");
  settle(folder_of(Start::bare), {request("skill.push", "skill", "kettle"),
                                  request("scenario.push", "scenario", "breakfast")});
  write_skill(dev / "skills" / "kettle", "1.1.0");
  write_scenario(dev / "scenarios" / "breakfast", "1.1.0");
}

void Premises::show(const std::string& version) const {
  const fs::path beside = published_.string() + ".next";
  fs::create_directory_symlink(directory_.path() / ("registry-" + version), beside);
  fs::rename(beside, published_);
}

fs::path Premises::folder_of(Start start) const {
  switch (start) {
    case Start::bare: return directory_.path() / "bare";
    case Start::unaware: return directory_.path() / "unaware";
    case Start::outdated: return directory_.path() / "outdated";
    case Start::updated: return directory_.path() / "updated";
  }
  throw std::logic_error("no such start");
}

void Premises::publish(const std::string& version) const {
  const SystemClock clock;
  const fs::path sources = directory_.path() / "sources";
  const auto push = [&](ArtifactKind kind, const fs::path& source) {
    registry::PushRequest wanted;
    wanted.kind = kind;
    wanted.source = source;
    wanted.registry_url = registry_url();
    wanted.cache_directory = directory_.path() / "cache";
    must(registry::push(wanted, clock));
  };
  for (const char* name : {"lantern", "lamp", "sensor"}) {
    write_skill(sources / name, version);
    push(ArtifactKind::skill, sources / name);
  }
  write_scenario(sources / "evening", version);
  push(ArtifactKind::scenario, sources / "evening");
  push(ArtifactKind::skill, fs::path(HUB_SOURCE_DIR) / "examples/registry/skills/table_skill");
}

// Lets a hub fetch the catalogue and do these.
void Premises::settle(const fs::path& base, const std::vector<OperationRequest>& first) const {
  must(make_directories(base));
  SmallHub hub(base, registry_url());
  hub.wait_for_catalog();
  for (const auto& wanted : first) {
    const auto id = must(hub.manager().accept(wanted)).state.operation_id;
    const auto end = hub.end_of(id);
    if (end.status != OperationStatus::succeeded) {
      throw std::runtime_error("cannot settle " + base.string() + ": " + end.message);
    }
  }
  if (const auto busy = hub.come_to_rest(std::chrono::seconds(10)); !busy.empty()) {
    throw std::runtime_error("the premises do not come to rest: " + busy);
  }
}

void Premises::lay_out(Start start, const fs::path& base) const {
  show(start == Start::unaware ? "1.0.0" : "1.1.0");
  copy_folder(folder_of(start), base);
}

}  // namespace hub::matrix
