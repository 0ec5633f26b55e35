#include "workflows/all_workflows.hpp"

#include "workflows/diagnostics_run.hpp"
#include "workflows/install.hpp"
#include "workflows/migration_run.hpp"
#include "workflows/model_download.hpp"
#include "workflows/model_remove.hpp"
#include "workflows/pin.hpp"
#include "workflows/push.hpp"
#include "workflows/registry_refresh.hpp"
#include "workflows/rollback.hpp"
#include "workflows/uninstall.hpp"
#include "workflows/workspace_update.hpp"

namespace hub::workflows {

operations::Workflows all_workflows(const Tools& tools) {
  operations::Workflows all;
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    all.push_back(std::make_unique<Install>(kind, Purpose::install, tools));
    all.push_back(std::make_unique<Install>(kind, Purpose::update, tools));
    all.push_back(std::make_unique<Rollback>(kind, tools));
    all.push_back(std::make_unique<Pin>(kind, Pin::Way::keep, tools));
    all.push_back(std::make_unique<Pin>(kind, Pin::Way::free, tools));
    all.push_back(std::make_unique<Uninstall>(kind, tools));
    all.push_back(std::make_unique<Push>(kind, tools));
  }
  all.push_back(std::make_unique<RegistryRefresh>(tools));
  all.push_back(std::make_unique<WorkspaceUpdate>(tools));
  all.push_back(std::make_unique<DiagnosticsRun>(tools));
  all.push_back(std::make_unique<MigrationRun>(tools));
  all.push_back(std::make_unique<ModelDownload>(tools));
  all.push_back(std::make_unique<ModelRemove>(tools));
  return all;
}

}  // namespace hub::workflows
