#pragma once
// Rebuild and publish: registry.json of the tip made again and pushed as compare-and-swap; a lost
// race is tried again on the new tip. Blocking.

#include "base/result.hpp"
#include "base/time.hpp"
#include "registry/host_cache.hpp"
#include "registry/rebuild.hpp"

namespace hub::registry {

struct PublishedRebuild {
  Rebuilt rebuilt;
  std::string commit;  // the new one; the tip when there was nothing to mend
  bool changed = false;
};

// Errors: those of RemoteMirror::push; unavailable with reason registry_busy after too many races.
Result<PublishedRebuild> publish_rebuilt(HostCache&, const Clock&);

}  // namespace hub::registry
