#pragma once
// resolved.manifest.json: what AdaOS's own programs read before they set up, test or call a skill
// (AdaOS: services/skill/manager.py). Written once, when a version is prepared, beside its source
// in its place; adaos_markers.hpp shows it where AdaOS looks. Nothing of this hub reads it.
//
//   name, version, slot, source, slot_root
//   runtime {type, interpreter, src, vendor, python_paths}
//   tools {<name>: {name, module, callable, timeout_seconds, retries, schema {input, output},
//                   permissions, secrets}}
//   default_tool, policy, policy_overrides, secrets, events

#include "artifacts/python.hpp"
#include "artifacts/shelf.hpp"
#include "registry/manifest.hpp"

namespace hub::artifacts {

// `place` as Deployment::place names it: "skills/notes_skill/A.op_…". Pure. Errors of
// declared_tools().
Result<std::string> resolved_manifest(const Shelf&, const std::string& place,
                                      const registry::Manifest&, const fs::path& interpreter);

// Of the skill whose source is in the place. Durable.
Result<> write_resolved_manifest(const Shelf&, const std::string& place);

}  // namespace hub::artifacts
