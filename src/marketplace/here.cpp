#include "marketplace/here.hpp"

#include <algorithm>

#include "registry/text.hpp"

namespace hub::marketplace {
namespace {

using registry::fold;

std::string key_of(ArtifactKind kind, const std::string& folded) {
  return to_text(kind) + ":" + folded;
}

std::tuple<bool, Time, std::string> rank(const OperationState& one) {
  return {one.status == OperationStatus::accepted, one.created_at, one.operation_id.text()};
}

template <class Index>
auto find_alias(const Index& index, ArtifactKind kind, const std::string& name,
                const std::string& id) -> typename Index::mapped_type {
  if (index.empty()) return nullptr;
  for (const auto* alias : {&name, &id}) {
    const auto found = index.find(key_of(kind, *alias));
    if (found != index.end()) return found->second;
  }
  return nullptr;
}

}  // namespace

InstalledIndex::InstalledIndex(std::span<const InstalledArtifact> installed) {
  std::vector<const InstalledArtifact*> sorted;
  for (const auto& one : installed) sorted.push_back(&one);
  // One alias of two artifacts finds the same one, whatever the order they came in.
  std::ranges::sort(sorted, {}, [](const auto* one) { return std::tie(one->name, one->id); });
  for (const auto* one : sorted) by_alias_.emplace(key_of(one->kind, fold(one->name)), one);
  for (const auto* one : sorted) by_alias_.emplace(key_of(one->kind, fold(one->id)), one);
}

const InstalledArtifact* InstalledIndex::find(ArtifactKind kind, const std::string& folded_name,
                                              const std::string& folded_id) const {
  return find_alias(by_alias_, kind, folded_name, folded_id);
}

HolderIndex::HolderIndex(std::span<const OperationState> operations) {
  for (const auto& one : operations) {
    if (is_terminal(one.status)) continue;
    for (const auto& resource : one.resources) {
      auto& holder = by_resource_[fold(resource.text())];
      if (!holder || rank(one) < rank(*holder)) holder = &one;
    }
  }
}

const OperationState* HolderIndex::find(ArtifactKind kind, const std::string& folded_name,
                                        const std::string& folded_id) const {
  return find_alias(by_resource_, kind, folded_name, folded_id);
}

}  // namespace hub::marketplace
