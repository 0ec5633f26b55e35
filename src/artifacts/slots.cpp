#include "artifacts/slots.hpp"

#include "base/log.hpp"

namespace hub::artifacts {
namespace {

template <class Each>
void for_each_artifact(const Shelf& shelf, Each each) {
  std::error_code ec;
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    for (const auto& folder : fs::directory_iterator(shelf.all_slots() / directory_of(kind), ec)) {
      each(folder.path());
    }
  }
}

}  // namespace

std::vector<fs::path> list_places(const Shelf& shelf) {
  std::vector<fs::path> found;
  for_each_artifact(shelf, [&](const fs::path& folder) {
    std::error_code ec;
    for (const auto& place : fs::directory_iterator(folder, ec)) found.push_back(place.path());
  });
  return found;
}

std::vector<fs::path> unneeded(const Shelf& shelf, const std::vector<fs::path>& seen,
                               const SlotsNeeded& needed) {
  std::vector<fs::path> found;
  for (const auto& path : seen) {
    const fs::path place = path.lexically_relative(shelf.all_slots());
    std::string resource = place.begin()->string();  // "skills"
    resource.back() = ':';
    resource += place.parent_path().filename().string();
    const std::string last = place.filename().string();
    const OperationId maker(last.substr(last.find('.') + 1));
    const bool stays = needed.busy.contains(resource) || needed.places.contains(place.string()) ||
                       needed.makers.contains(maker);
    if (!stays) found.push_back(path);
  }
  return found;
}

void remove_places(const std::vector<fs::path>& places) {
  for (const auto& place : places) {
    if (auto removed = remove_tree(place); !removed) {
      log::warning("artifacts", "sweep_failed", {{"error", removed.error().message}});
    }
  }
}

void remove_empty_slots(const Shelf& shelf) {
  for_each_artifact(shelf, [](const fs::path& folder) {
    std::error_code ec;
    if (fs::is_empty(folder, ec) && !ec) fs::remove(folder, ec);
  });
}

}  // namespace hub::artifacts
