#include "workflows/shelf_care.hpp"

#include "artifacts/adaos_markers.hpp"
#include "artifacts/slots.hpp"

namespace hub::workflows {
namespace {

// `ended`: an operation whose clean-up this is.
artifacts::SlotsNeeded needed_now(const Tools& tools, const OperationId* ended) {
  artifacts::SlotsNeeded needed;
  for (const auto& state : tools.store.live()) {
    for (const auto& resource : state.resources) needed.busy.insert(resource.text());
  }
  for (const auto& id : tools.store.not_cleaned_up()) {
    if (!ended || id != *ended) needed.makers.insert(id);
  }
  for (const auto& artifact : tools.store.installed()) {
    needed.places.insert(artifact.place);
    if (artifact.previous) needed.places.insert(artifact.previous->place);
    if (artifact.displaced) needed.places.insert(*artifact.displaced);
  }
  return needed;
}

}  // namespace

void tidy_at_start(const Tools& tools) {
  tools.shelf.sweep(tools.store.not_cleaned_up());
  const auto seen = artifacts::list_places(tools.shelf);
  artifacts::remove_places(artifacts::unneeded(tools.shelf, seen, needed_now(tools, nullptr)));
  artifacts::remove_empty_slots(tools.shelf);
  for (const auto& artifact : tools.store.installed()) {
    artifacts::write_markers(tools.shelf, artifact);
  }
}

void tidy_after(const Tools& tools, const OperationId& id) {
  tools.shelf.discard(id);
  const auto seen = artifacts::list_places(tools.shelf);
  artifacts::remove_places(artifacts::unneeded(tools.shelf, seen, needed_now(tools, &id)));
}

}  // namespace hub::workflows
