#include "workflows/dev_space.hpp"

#include <algorithm>

#include "registry/normalise.hpp"
#include "registry/uploads.hpp"

namespace hub::workflows {
namespace {

std::string text_of(const OperationRequest& request, const char* key) {
  const auto* found = request.params.if_contains(key);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

tl::unexpected<Error> missing(const std::string& what, const fs::path& dev, ArtifactKind kind) {
  return fail(ErrorCode::not_found,
              "cannot publish " + what + ": the dev space has no such directory",
              "artifact_missing",
              "put it into " + (dev / "<subnet>" / directory_of(kind)).string() +
                  ", upload it, or push it with adaos-hub " + to_text(kind) + " push",
              {{"dev_space", dev.string()}});
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

Result<fs::path> directory_in(const fs::path& dev, ArtifactKind kind, const std::string& given) {
  std::error_code ec;
  const fs::path space = fs::canonical(dev, ec);
  if (ec) return missing(given, dev, kind);
  const fs::path wanted = space / given;  // an absolute one stays as it is
  if (!is_below(wanted.lexically_normal(), space)) {
    return fail(ErrorCode::invalid,
                "cannot publish " + given + ": it is outside the hub's dev space",
                "outside_dev_space",
                "put it below " + space.string() + ", upload it, or push it with the command line",
                {{"directory", given}, {"dev_space", space.string()}});
  }
  fs::path real = fs::canonical(wanted, ec);
  if (ec) return missing(given, dev, kind);
  if (!is_below(real, space)) {
    return fail(ErrorCode::invalid,
                "cannot publish " + given + ": a link leads out of the hub's dev space",
                "outside_dev_space", "copy the directory instead of linking it",
                {{"directory", given}, {"dev_space", space.string()}});
  }
  return real;
}

// <dev>/<subnet>/skills/<name>
Result<fs::path> only_one(const fs::path& dev, ArtifactKind kind, const std::string& name) {
  if (!registry::is_name(name)) return missing(name, dev, kind);
  std::vector<std::string> found;
  std::error_code ec;
  for (const auto& subnet : fs::directory_iterator(dev, ec)) {
    const fs::path place = subnet.path().filename() / directory_of(kind) / name;
    if (fs::is_directory(dev / place, ec)) found.push_back(place.string());
  }
  if (found.empty()) return missing(name, dev, kind);
  if (found.size() == 1) return directory_in(dev, kind, found.front());
  std::ranges::sort(found);
  boost::json::array places;
  for (const auto& place : found) places.emplace_back(place);
  return fail(ErrorCode::invalid,
              "cannot publish " + name + ": the dev space has " + std::to_string(found.size()) +
                  " of that name",
              "source_ambiguous", "say which with \"directory\"", {{"directories", places}});
}

}  // namespace

fs::path uploads_of(const fs::path& base_directory) { return base_directory / "state" / "uploads"; }

Result<fs::path> find_source(const fs::path& base_directory, ArtifactKind kind,
                             const OperationRequest& request) {
  const std::string upload = text_of(request, "upload");
  if (!upload.empty()) {
    return registry::Uploads(uploads_of(base_directory)).find(upload, request.target_id);
  }
  const fs::path dev = base_directory / "dev";
  const std::string given = text_of(request, "directory");
  if (given.empty()) return only_one(dev, kind, request.target_id);
  HUB_TRY(found, directory_in(dev, kind, given));
  if (found.filename() != request.target_id) {
    return fail(ErrorCode::invalid,
                "cannot publish " + request.target_id + ": the directory is called " +
                    found.filename().string(),
                "name_mismatch", "the directory's name is the name it is published under",
                {{"name", request.target_id}, {"directory", given}});
  }
  return found;
}

}  // namespace hub::workflows
