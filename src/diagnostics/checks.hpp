#pragma once
// The checks. Each reads, changes nothing that lasts, and answers with at least one finding. What
// throws or fails is a finding, too: one broken part must not hide the others.

#include <functional>

#include "artifacts/shelf.hpp"
#include "base/time.hpp"
#include "diagnostics/report.hpp"
#include "store/operation_store.hpp"

namespace hub::registry {
class CatalogKeeper;
}  // namespace hub::registry

namespace hub::diagnostics {

// What there is to look at. Everything outlives the run.
struct Subject {
  Scope scope = Scope::running;
  fs::path base;
  const Clock& clock;
  store::OperationStore* store = nullptr;      // absent: there is none, or it cannot be read
  std::string store_trouble = {};              // then: why
  registry::CatalogKeeper* catalog = nullptr;  // of a running hub
  enum class Depth { usual, deep } depth = Depth::usual;  // deep: reads every byte of the models
  std::function<bool()> stop = {};
};

struct Check {
  std::string name;   // as its findings have it
  std::string doing;  // "reading the store"
  std::vector<Finding> (*look)(const Subject&);
};

const std::vector<Check>& all_checks();

// All of them, in order. cancelled: stop said so.
Result<Report> look_at_everything(
    const Subject&,
    const std::function<void(std::size_t done, std::size_t total, const std::string& doing)>& told);

// The same of a base directory whose hub does not run, on copies where SQLite would write.
// not_found: "base_directory_missing"; conflict: "base_directory_in_use", a hub runs there.
Result<Report> look_at_stopped(const fs::path& base, Subject::Depth, const Clock&);

// store_checks.cpp
std::vector<Finding> look_at_store(const Subject&);
std::vector<Finding> look_at_operations(const Subject&);
std::vector<Finding> look_at_clock(const Subject&);
// disk_checks.cpp
std::vector<Finding> look_at_disk(const Subject&);
std::vector<Finding> look_at_disk_speed(const Subject&);
std::vector<Finding> look_at_leftovers(const Subject&);
std::vector<Finding> look_at_permissions(const Subject&);
// content_checks.cpp
std::vector<Finding> look_at_registry(const Subject&);
std::vector<Finding> look_at_artifacts(const Subject&);
std::vector<Finding> look_at_models(const Subject&);
// machine_checks.cpp
std::vector<Finding> look_at_programs(const Subject&);
std::vector<Finding> look_at_confinement(const Subject&);

}  // namespace hub::diagnostics
