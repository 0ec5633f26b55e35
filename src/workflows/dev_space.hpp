#pragma once
// Where an operation may take an artifact from to publish it: an upload, or the hub's dev space.
//
//   <base>/state/uploads/<id>/<name>/              what a client sent (registry/uploads.hpp)
//   <base>/dev/<subnet>/{skills,scenarios}/<name>/  what authors write on the hub's own machine
//
// Blocking; any thread.

#include "base/files.hpp"
#include "contracts/artifact.hpp"
#include "contracts/operation_request.hpp"

namespace hub::workflows {

fs::path uploads_of(const fs::path& base_directory);

// params.upload: that upload; params.directory: a path below the dev space, absolute or relative to
// it; neither: the only directory of the target's name there. invalid: outside_dev_space (links are
// followed first), name_mismatch, source_ambiguous; not_found: upload_gone, artifact_missing.
Result<fs::path> find_source(const fs::path& base_directory, ArtifactKind, const OperationRequest&);

}  // namespace hub::workflows
