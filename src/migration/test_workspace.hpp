#pragma once
// Makes AdaOS workspaces for tests, in the layout that AdaOS leaves (docs: adaos_workspace.hpp).

#include <stdexcept>
#include <string>

#include "base/files.hpp"
#include "sql/connection.hpp"

namespace hub::migration::testing {

class TestWorkspace {
 public:
  explicit TestWorkspace(fs::path root) : root_(std::move(root)) {
    write("workspace/registry.json", R"({"version": 1, "skills": [], "scenarios": []})");
  }

  const fs::path& root() const { return root_; }

  void write(const std::string& path, const std::string& text) const {
    const auto made = make_directories((root_ / path).parent_path());
    const auto written = made ? write_file_atomic(root_ / path, text) : made;
    if (!written) throw std::runtime_error(written.error().message);
  }

  // Its source, as it is installed or lies in a slot.
  void source(const std::string& folder, const std::string& version,
              const std::string& more = {}) const {
    const auto name = fs::path(folder).filename().string();
    write(folder + "/skill.yaml",
          "name: " + name + "\nversion: \"" + version + "\"\nentry: handlers/main.py\n" + more);
    write(folder + "/handlers/main.py", "def run():\n    return '" + version + "'\n");
  }

  // Installed, prepared in the slot and activated: what AdaOS leaves of a skill.
  void skill(const std::string& name, const std::string& version, const std::string& slot = "A",
             const std::string& more = {}) const {
    source("workspace/skills/" + name, version, more);
    const std::string runtime = "workspace/skills/.runtime/" + name + "/";
    const auto bucket = "v" + version.substr(0, version.rfind('.'));
    source(runtime + bucket + "/slots/" + slot + "/src/skills/" + name, version, more);
    write(runtime + bucket + "/slots/" + slot + "/runtime/logs/log", "it ran\n");
    write(runtime + bucket + "/active", slot);
    write(runtime + "current_version", version);
    write(runtime + "current_runtime.json", R"({"version": ")" + version + R"(", "slot": ")" +
                                                slot + R"(", "runtime_bucket": ")" + bucket +
                                                R"(", "updated_at": 1.5})");
    write(data_of(name, version) + "/db/skill_env.json", R"({"name": ")" + name + R"("})");
    write(data_of(name, version) + "/files/notes.txt", "dear diary of " + name + "\n");
  }

  static std::string data_of(const std::string& name, const std::string& version) {
    return "workspace/skills/.runtime/" + name + "/v" + version.substr(0, version.rfind('.')) +
           "/data";
  }

  void scenario(const std::string& name, const std::string& version,
                const std::string& requires_skill = {}) const {
    write("workspace/scenarios/" + name + "/scenario.yaml",
          "id: " + name + "\nversion: " + version +
              (requires_skill.empty() ? "\n" : "\ndepends:\n  - " + requires_skill + "\n"));
  }

  // A row of AdaOS's SQLite registry.
  void registered(const std::string& name, const std::string& version, int installed = 1) const {
    write("state/.keep", "");
    const auto db = sql::open_sqlite((root_ / "state/adaos.db").string(), sql::Access::scratch);
    db->run_script(
        "CREATE TABLE IF NOT EXISTS skills(id INTEGER PRIMARY KEY, name TEXT UNIQUE, "
        "active_version TEXT, repo_url TEXT, installed BOOLEAN, last_updated TIMESTAMP)");
    db->run("INSERT INTO skills(name, active_version, installed) VALUES($1, $2, $3)",
            {name, version, installed});
  }

  void history(const std::string& operations) const {
    write("state/operations/operations.json",
          R"({"schema": "adaos.operations.state.v1", "sequence": 3, "webspaces": {"desktop": )"
          R"({"operations": [)" +
              operations + R"(], "notifications": []}}})");
  }

 private:
  fs::path root_;
};

}  // namespace hub::migration::testing
