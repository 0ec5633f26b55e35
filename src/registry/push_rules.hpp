#pragma once
// What may follow what in the catalogue. Inner header of push.hpp. Pure, any thread.

#include "registry/json_text.hpp"
#include "registry/push_candidate.hpp"

namespace hub::registry {

// What the registry has under a name; empty when it has nothing.
struct Published {
  std::string version;
  std::string tree;  // "sha256:…"; empty when nothing is known of the bytes
};

// conflict: version_content_changed, version_not_newer.
Result<> check_version(const Offer&, const Published& before);

// The offer's entry, ready to be merged onto `previous` (may be null).
Result<JsonNode> entry_of(const Offer&, const JsonNode* previous, const Published& before);

// The offer itself cannot be published, whoever tries: worth telling its owner.
bool is_own_fault(const Error&);

}  // namespace hub::registry
