#pragma once
// What this hub has and does, looked up by artifact. Inner header of this room. Both keep pointers
// into what they are made from.

#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "contracts/artifact.hpp"
#include "contracts/operation_state.hpp"

namespace hub::marketplace {

// Installed artifacts by kind and folded alias.
class InstalledIndex {
 public:
  explicit InstalledIndex(std::span<const InstalledArtifact> installed);
  const InstalledArtifact* find(ArtifactKind, const std::string& folded_name,
                                const std::string& folded_id) const;

 private:
  std::unordered_map<std::string, const InstalledArtifact*> by_alias_;
};

// Live operations by what they hold. Of several, the one that runs, then the oldest.
class HolderIndex {
 public:
  explicit HolderIndex(std::span<const OperationState> operations);
  const OperationState* find(ArtifactKind, const std::string& folded_name,
                             const std::string& folded_id) const;

 private:
  std::unordered_map<std::string, const OperationState*> by_resource_;
};

}  // namespace hub::marketplace
