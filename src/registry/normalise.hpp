#pragma once
// From a manifest and its tree to a catalogue entry, with the keys in the order of registry.json.
// Pure, any thread.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "registry/json_text.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::registry {

// Install names and ids: ^[A-Za-z0-9][A-Za-z0-9_.-]*$, not reserved. invalid with reason
// name_invalid or name_reserved.
Result<> check_name(std::string_view);
bool is_name(std::string_view);

// The entry that `directory` (the install name) publishes. A version that is missing or not semver
// becomes 0.0.0-legacy.<12 hex> with a `compatibility` block. No `updated_at` in the manifest: the
// given one.
JsonNode normalise(const std::string& directory, const Manifest&, const ArtifactTree&,
                   const std::string& updated_at);

// `fresh` merged onto `previous`: what comes from the manifest is replaced or removed, all else is
// kept; known keys in their order, then the rest as found.
JsonNode merge_entry(const JsonNode& previous, const JsonNode& fresh);

}  // namespace hub::registry
