#include "migration/report.hpp"

#include <algorithm>
#include <set>

namespace hub::migration {
namespace {

constexpr std::ptrdiff_t history_shown = 100;  // AdaOS itself remembers 20 of each webspace

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

std::vector<PastOperation> last_of(std::vector<PastOperation> operations) {
  const auto more = std::ssize(operations) - history_shown;
  if (more > 0) operations.erase(operations.begin(), operations.begin() + more);
  return operations;
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

  void judge(std::vector<FoundArtifact> artifacts) {
    for (auto& found : artifacts) name_requirements(found, artifacts);
    std::vector<const FoundArtifact*> coming;
    std::map<const FoundArtifact*, ReportItem> items;
    for (const auto& found : artifacts) {
      const auto& item = items.emplace(&found, first_look(found)).first->second;
      if (item.fate == Fate::adopt) coming.push_back(&found);
    }
    const auto unmet = find_unmet(coming, [this](const std::string& skill) {
      return find(ArtifactKind::skill, skill) != nullptr;
    });
    for (const auto& [found, skill] : unmet) {
      say(items.at(found), Fate::refused, "requires_missing",
          "it requires skill " + skill + ", which is neither here nor taken over",
          "install " + skill + ", then migrate again");
    }
    for (auto& found : artifacts) {
      auto item = std::move(items.at(&found));
      if (item.fate == Fate::adopt) {
        into_.report.bytes += item.bytes + item.data_bytes;
        into_.adopt.push_back(std::move(found));
      }
      into_.report.items.push_back(std::move(item));
    }
  }

  void judge(const RefusedArtifact& refused) {
    ReportItem item;
    item.kind = refused.kind;
    item.name = refused.name;
    item.version = refused.version;
    const auto* here = find(refused.kind, refused.name);
    if (here && into_.report.in_place) {  // a link is how we install
      item.version = here->version;
      item.fate = Fate::present;
    } else {
      say(item, Fate::refused, refused.code, refused.reason, refused.hint);
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

  // What is required may be written as an id; installed is it under its name.
  void name_requirements(FoundArtifact& found, const std::vector<FoundArtifact>& artifacts) const {
    const auto name_in = [](const auto& all, const std::string& wanted) -> std::string {
      std::string by_id;
      for (const auto& one : all) {
        if (one.kind != ArtifactKind::skill) continue;
        if (one.name == wanted) return wanted;
        if (one.id == wanted) by_id = one.name;
      }
      return by_id;
    };
    for (auto& wanted : found.requires_skills) {
      auto name = name_in(artifacts, wanted);
      if (name.empty()) name = name_in(installed_, wanted);
      if (!name.empty()) wanted = std::move(name);
    }
  }

  ReportItem first_look(const FoundArtifact& found) const {
    auto item = item_of(found);
    if (const auto* here = find(found.kind, found.name)) {
      judge_installed(found, *here, item);
    } else if (is_in_the_way(found)) {
      say(item, Fate::conflict, "directory_in_the_way",
          "something that this hub did not put there stands in " +
              shelf_.installed(found.kind, found.name).string(),
          "move it away, then migrate again");
    }
    return item;
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

  const std::vector<InstalledArtifact>& installed_;
  const artifacts::Shelf& shelf_;
  Decisions& into_;
};

}  // namespace

std::map<const FoundArtifact*, std::string> find_unmet(
    const std::vector<const FoundArtifact*>& coming,
    const std::function<bool(const std::string& skill)>& is_here) {
  std::map<const FoundArtifact*, std::string> unmet;
  std::set<std::string> skills;
  for (const auto* one : coming) {
    if (one->kind == ArtifactKind::skill) skills.insert(one->name);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto* one : coming) {
      if (unmet.contains(one)) continue;
      const auto missing = std::ranges::find_if(one->requires_skills, [&](const auto& skill) {
        return !skills.contains(skill) && !is_here(skill);
      });
      if (missing == one->requires_skills.end()) continue;
      unmet[one] = *missing;
      if (one->kind == ArtifactKind::skill) skills.erase(one->name);
      changed = true;
    }
  }
  return unmet;
}

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
  report.history = last_of(std::move(inventory.history.operations));
  if (inventory.catalogue) report.catalogue_entries = inventory.catalogue->entries;
  if (inventory.dev_artifacts > 0 && !report.in_place) {  // theirs to move
    report.warnings.push_back(
        "the dev space " + (root / "dev").string() + " holds " +
        std::to_string(inventory.dev_artifacts) +
        " skills and scenarios that authors work on: it stays where it is; to publish from this "
        "hub, copy it to " +
        (shelf.base() / "dev").string());
  }
  Judge judge(installed, shelf, made);
  judge.judge(std::move(inventory.artifacts));
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
