#include "migration/report.hpp"

#include <algorithm>
#include <set>

namespace hub::migration {
namespace {

ReportItem item_of(const FoundArtifact& found) {
  ReportItem item;
  item.kind = found.kind;
  item.name = found.name;
  item.version = found.version;
  if (found.kind == ArtifactKind::skill) item.slot = found.slot;
  item.pin = found.pin;
  if (!found.vendor.empty()) item.packages = "copied";
  item.bytes = found.source_bytes + found.vendor_bytes;
  item.data_bytes = found.data_bytes;
  return item;
}

void say(ReportItem& item, Fate fate, std::string code, std::string reason, std::string hint) {
  item.fate = fate;
  item.code = std::move(code);
  item.reason = std::move(reason);
  if (!hint.empty()) item.hint = std::move(hint);
}

class Judge {
 public:
  Judge(const std::vector<InstalledArtifact>& installed, const artifacts::Shelf& shelf,
        Decisions& into)
      : installed_(installed), shelf_(shelf), into_(into) {}

  void judge(FoundArtifact found) {
    auto item = item_of(found);
    if (const auto* here = find(found.kind, found.name)) {
      judge_installed(found, *here, item);
    } else if (is_in_the_way(found)) {
      say(item, Fate::conflict, "directory_in_the_way",
          "something that this hub did not put there stands in " +
              shelf_.installed(found.kind, found.name).string(),
          "move it away, then migrate again");
    } else if (const auto missing = missing_skill(found)) {
      say(item, Fate::refused, "requires_missing",
          "it requires skill " + *missing + ", which is neither here nor taken over",
          "install " + *missing + ", then migrate again");
    }
    if (item.fate == Fate::adopt) {
      into_.report.bytes += item.bytes + item.data_bytes;
      if (found.kind == ArtifactKind::skill) skills_.insert(found.name);
      into_.adopt.push_back(std::move(found));
    }
    into_.report.items.push_back(std::move(item));
  }

  void judge(const RefusedArtifact& refused) {
    ReportItem item;
    item.kind = refused.kind;
    item.name = refused.name;
    item.version = refused.version;
    say(item, Fate::refused, refused.code, refused.reason, refused.hint);
    // In our own directory a link is how we install.
    const auto* here = find(refused.kind, refused.name);
    if (here && into_.report.in_place) {
      item = ReportItem{};
      item.kind = here->kind;
      item.name = here->name;
      item.version = here->version;
      item.fate = Fate::present;
    }
    into_.report.items.push_back(std::move(item));
  }

 private:
  const InstalledArtifact* find(ArtifactKind kind, const std::string& name) const {
    const auto found = std::ranges::find_if(installed_, [&](const InstalledArtifact& one) {
      return one.kind == kind && one.name == name;
    });
    return found == installed_.end() ? nullptr : &*found;
  }

  void judge_installed(const FoundArtifact& found, const InstalledArtifact& here,
                       ReportItem& item) const {
    if (here.tree == found.tree || into_.report.in_place) {
      item.fate = Fate::present;
      return;
    }
    const std::string noun = to_text(found.kind) + " ";
    say(item, Fate::conflict, "already_installed",
        here.version + " is installed here, with other files",
        "to have the workspace's: adaos-hub " + noun + "uninstall " + found.name +
            ", then migrate again");
  }

  bool is_in_the_way(const FoundArtifact& found) const {
    return !into_.report.in_place && artifacts::is_there(shelf_.installed(found.kind, found.name));
  }

  std::optional<std::string> missing_skill(const FoundArtifact& found) const {
    for (const auto& skill : found.requires_skills) {
      if (!skills_.contains(skill) && !find(ArtifactKind::skill, skill)) return skill;
    }
    return std::nullopt;
  }

  const std::vector<InstalledArtifact>& installed_;
  const artifacts::Shelf& shelf_;
  Decisions& into_;
  std::set<std::string> skills_;  // that are taken over
};

}  // namespace

Decisions decide(const fs::path& root, Inventory inventory,
                 const std::vector<InstalledArtifact>& installed, const artifacts::Shelf& shelf) {
  Decisions made;
  auto& report = made.report;
  std::error_code ec;
  report.source = root.string();
  report.in_place = root == fs::weakly_canonical(shelf.base(), ec);
  report.warnings = std::move(inventory.warnings);
  std::ranges::move(inventory.history.warnings, std::back_inserter(report.warnings));
  report.past_operations = static_cast<std::int64_t>(inventory.history.operations.size());
  report.unfinished_operations = inventory.history.unfinished;
  if (inventory.catalogue) report.catalogue_entries = inventory.catalogue->entries;
  Judge judge(installed, shelf, made);
  for (auto& found : inventory.artifacts) judge.judge(std::move(found));
  for (const auto& refused : inventory.refused) judge.judge(refused);
  return made;
}

std::string summary_of(const Report& report) {
  std::int64_t taken = 0, here = 0, left = 0;
  for (const auto& item : report.items) {
    switch (item.fate) {
      case Fate::adopt:
      case Fate::adopted: ++taken; break;
      case Fate::present: ++here; break;
      case Fate::conflict:
      case Fate::refused:
      case Fate::failed: ++left; break;
    }
  }
  const auto count = [](std::int64_t number) { return std::to_string(number); };
  if (report.items.empty()) return "there are no skills or scenarios in " + report.source;
  return count(taken) + " taken over, " + count(here) + " here already, " + count(left) +
         " left out, from " + report.source;
}

}  // namespace hub::migration
