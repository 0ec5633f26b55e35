#include "artifacts/slot_switch.hpp"

#include "base/fault_point.hpp"

namespace hub::artifacts {
namespace {

constexpr const char* to_slots = "../.slots/";
constexpr const char* to_source = "/source";

std::string written_in(const fs::path& link) {
  std::error_code ec;
  return fs::read_symlink(link, ec).string();
}

std::string link_to(const std::string& place) { return to_slots + place + to_source; }

Result<> make_link(const std::string& target, const fs::path& link) {
  std::error_code ec;
  fs::remove(link, ec);  // of an attempt before
  ec.clear();
  fs::create_symlink(target, link, ec);
  if (!ec) return {};
  return fail(ErrorCode::unavailable, "cannot make the link " + link.string() + ": " + ec.message(),
              "link_failed");
}

Result<> point_to(const Shelf& shelf, const SlotSwitch& plan, const std::string& target,
                  const OperationId& id) {
  const auto folder = shelf.slots(plan.kind, plan.name);
  const auto prepared = folder / ("next." + id.text());
  HUB_CHECK(make_directories(folder));
  HUB_CHECK(make_link(target, prepared));
  return rename_durable(prepared, shelf.installed(plan.kind, plan.name));
}

bool is_folder(const fs::path& path) {
  std::error_code ec;
  return fs::symlink_status(path, ec).type() == fs::file_type::directory;
}

// A plain directory had its packages in AdaOS's folder.
Result<> take_packages_aside(const Shelf& shelf, const SlotSwitch& plan) {
  if (plan.kind != ArtifactKind::skill || plan.version.empty()) return {};
  const auto packages = shelf.vendor(plan.name, plan.version);
  return is_folder(packages) ? Shelf::take_away(packages, shelf.packages_of(plan.aside))
                             : Result<>();
}

Result<> bring_packages_back(const Shelf& shelf, const SlotSwitch& plan) {
  if (plan.kind != ArtifactKind::skill || plan.version.empty()) return {};
  const auto packages = shelf.vendor(plan.name, plan.version);
  const auto kept = shelf.packages_of(plan.aside);
  if (!is_folder(kept)) return {};
  std::error_code ec;
  if (!is_folder(packages)) fs::remove(packages, ec);  // the link for AdaOS
  return Shelf::put_back(packages, kept);
}

Result<> trade_places(const Shelf& shelf, const SlotSwitch& plan) {
  const auto kept = shelf.source_of(plan.aside);
  HUB_CHECK(make_directories(shelf.place(plan.aside)));
  HUB_CHECK(make_link(link_to(plan.to), kept));
  return exchange_durable(kept, shelf.installed(plan.kind, plan.name));
}

Result<> trade_back(const Shelf& shelf, const SlotSwitch& plan) {
  const auto kept = shelf.source_of(plan.aside);
  const auto name = shelf.installed(plan.kind, plan.name);
  if (is_switched(shelf, plan) && is_folder(kept)) HUB_CHECK(exchange_durable(kept, name));
  if (!is_folder(name)) return {};
  HUB_CHECK(bring_packages_back(shelf, plan));
  return remove_tree_durable(shelf.place(plan.aside));  // the link; a directory is at home again
}

}  // namespace

std::string active_place(const Shelf& shelf, ArtifactKind kind, const std::string& name) {
  const std::string target = written_in(shelf.installed(kind, name));
  const std::string_view front = to_slots, back = to_source;
  if (!target.starts_with(front) || !target.ends_with(back)) return {};
  return target.substr(front.size(), target.size() - front.size() - back.size());
}

Result<SlotSwitch> plan_switch(const Shelf& shelf, ArtifactKind kind, const std::string& name,
                               const std::string& to) {
  SlotSwitch plan;
  plan.kind = kind;
  plan.name = name;
  plan.to = to;
  const auto target = shelf.installed(kind, name);
  std::error_code ec;
  const auto type = fs::symlink_status(target, ec).type();
  if (type == fs::file_type::symlink) {
    plan.before = StoodThere::link;
    plan.link = written_in(target);
  } else if (type == fs::file_type::directory) {
    plan.before = StoodThere::folder;
  } else if (type != fs::file_type::not_found) {
    return fail(ErrorCode::conflict,
                "cannot install " + name + ": " + target.string() + " is there and is a file",
                "file_in_the_way", "move it away, then try again", {{"path", target.string()}});
  }
  return plan;
}

bool is_switched(const Shelf& shelf, const SlotSwitch& plan) {
  return active_place(shelf, plan.kind, plan.name) == plan.to;
}

Result<> switch_in(const Shelf& shelf, const SlotSwitch& plan, const OperationId& id) {
  const auto name = shelf.installed(plan.kind, plan.name);
  if (!is_switched(shelf, plan)) {
    if (!is_folder(shelf.source_of(plan.to))) {
      return fail(ErrorCode::not_found,
                  "cannot activate " + plan.name + ": its files are gone from " +
                      shelf.source_of(plan.to).string(),
                  "slot_missing", "install it again", {{"place", plan.to}});
    }
    HUB_CHECK(make_directories(name.parent_path()));
    auto switched = plan.before == StoodThere::folder && is_folder(name)
                        ? trade_places(shelf, plan)
                        : point_to(shelf, plan, link_to(plan.to), id);
    fault_point("switched");
    HUB_CHECK(std::move(switched));
  } else {
    HUB_CHECK(sync_path(name.parent_path()));
    if (plan.before == StoodThere::folder) HUB_CHECK(sync_path(shelf.place(plan.aside)));
  }
  return plan.before == StoodThere::folder ? take_packages_aside(shelf, plan) : Result<>();
}

Result<> switch_back(const Shelf& shelf, const SlotSwitch& plan, const OperationId& id) {
  if (plan.before == StoodThere::folder) return trade_back(shelf, plan);
  if (!is_switched(shelf, plan)) return {};
  if (plan.before == StoodThere::link) return point_to(shelf, plan, plan.link, id);
  return remove_tree_durable(shelf.installed(plan.kind, plan.name));
}

}  // namespace hub::artifacts
