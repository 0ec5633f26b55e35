#include "artifacts/dependency_graph.hpp"

#include <algorithm>
#include <deque>
#include <map>

namespace hub::artifacts {
namespace {

using Names = std::vector<std::string>;

std::string joined_by(const Names& texts, const char* between) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : between) + text;
  return all;
}

boost::json::array to_array(const Names& texts) {
  boost::json::array all;
  for (const auto& text : texts) all.emplace_back(text);
  return all;
}

void add_new(Names& all, const std::string& one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

struct Node {
  KnownSkill skill;
  Need need = Need::required;
  Names edges;  // install names of what it requires
  std::size_t wave = 0;
  enum class Seen { never, on_the_path, done } seen = Seen::never;
};

// An artifact and what it requires. A value: what an optional skill would add is tried on a copy.
class Graph {
 public:
  Graph(ArtifactKind kind, const KnownSkill& artifact, const FindSkill& find)
      : find_(&find), name_(artifact.name), root_(key_of(kind, artifact.name)) {
    auto& node = nodes_[root_];
    node.skill = artifact;
    node.skill.installed = false;
  }

  // The artifact, or a skill beside it, and all that it requires.
  Result<> add_artifact() { return add(root_, Need::required); }
  Result<> add_optional(const KnownSkill& skill) {
    nodes_[skill.name] = {skill, Need::optional, {}};
    return add(skill.name, Need::optional);
  }

  bool has(const std::string& name) const { return nodes_.contains(name); }
  const Node& root() const { return nodes_.at(root_); }
  // Of what is missing, in order.
  std::vector<const Node*> missing() const {
    std::vector<const Node*> found;
    for (std::size_t wave = 0; wave <= dependency_depth_max; ++wave) {
      for (const auto& name : order_) {
        const auto& node = nodes_.at(name);
        const bool counts = !node.skill.installed && name != root_;
        if (counts && node.wave == wave) found.push_back(&node);
      }
    }
    return found;
  }
  bool is_installed(const std::string& name) const {
    const auto node = nodes_.find(name);
    return node != nodes_.end() && node->second.skill.installed;
  }

 private:
  static std::string key_of(ArtifactKind kind, const std::string& name) {
    return kind == ArtifactKind::skill ? name : "scenario " + name;  // no skill has such a name
  }

  Result<> add(const std::string& first, Need need) {
    HUB_CHECK(reach(first, need));
    Names path;
    return order(first, path);
  }

  // Breadth first, every skill once; what nobody knows is told all at once.
  Result<> reach(const std::string& first, Need need) {
    Names unknown;
    std::deque<std::string> open{first};
    while (!open.empty()) {
      const auto name = open.front();
      open.pop_front();
      for (const auto& wanted : Names(nodes_.at(name).skill.requires_skills)) {
        auto skill = find_other(wanted);
        if (!skill) {
          if (!nodes_.at(name).skill.installed) add_new(unknown, wanted);
          continue;
        }
        // What an installed skill lacks is left as it is.
        if (nodes_.at(name).skill.installed && !skill->installed && skill->name != root_) continue;
        add_new(nodes_.at(name).edges, skill->name);
        if (nodes_.contains(skill->name)) continue;
        if (nodes_.size() > dependencies_max) return beyond("dependencies_too_many");
        open.push_back(skill->name);
        nodes_[skill->name] = {*skill, need, {}};
      }
    }
    if (unknown.empty()) return {};
    const auto names = joined_by(unknown, ", ");
    const bool one = unknown.size() == 1;
    return fail(ErrorCode::conflict,
                "cannot install " + name_ + ": it requires skill" + (one ? " " : "s ") + names +
                    ", which " + (one ? "is" : "are") + " not in the catalogue",
                "requires_missing", "ask its publisher to push " + names + " too",
                {{"missing", to_array(unknown)}});
  }

  std::optional<KnownSkill> find_other(const std::string& wanted) const {
    if (wanted == root_) return nodes_.at(root_).skill;
    auto found = (*find_)(wanted);
    if (found && found->name == root_) return nodes_.at(root_).skill;
    return found;
  }

  // Depth first: who requires whom, and in a circle?
  Result<> order(const std::string& name, Names& path) {
    auto& node = nodes_.at(name);
    if (node.seen == Node::Seen::done) return {};
    path.push_back(name);
    if (node.seen == Node::Seen::on_the_path) return circle(path);
    if (path.size() > dependency_depth_max + 1) return beyond("dependencies_too_deep");
    node.seen = Node::Seen::on_the_path;
    for (const auto& edge : node.edges) {
      HUB_CHECK(order(edge, path));
      const auto& other = nodes_.at(edge);
      if (!other.skill.installed) node.wave = std::max(node.wave, other.wave + 1);
    }
    if (node.wave > dependency_depth_max) return beyond("dependencies_too_deep");
    node.seen = Node::Seen::done;
    path.pop_back();
    order_.push_back(name);
    return {};
  }

  Result<> circle(const Names& path) const {
    const Names cycle(std::ranges::find(path, path.back()), path.end());
    return fail(ErrorCode::conflict,
                "cannot install " + name_ +
                    ": its skills require each other in a circle: " + joined_by(cycle, " -> "),
                "dependency_cycle", "ask their publishers to break the circle",
                {{"cycle", to_array(cycle)}});
  }

  Result<> beyond(const char* reason) const {
    const bool deep = std::string_view(reason) == "dependencies_too_deep";
    const auto limit = deep ? dependency_depth_max : dependencies_max;
    return fail(ErrorCode::conflict,
                "cannot install " + name_ + ": " +
                    (deep ? "its skills require others, more than " + std::to_string(limit) +
                                " one below the other"
                          : "it needs more than " + std::to_string(limit) + " skills"),
                reason, "ask its publisher to require less",
                {{"limit", static_cast<std::int64_t>(limit)}});
  }

  const FindSkill* find_;
  std::string name_, root_;
  std::map<std::string, Node> nodes_;  // by install name
  Names order_;                        // each after all that it requires
};

// In order of their names: what the artifact would like, then what its skills would.
Names wishes(const Graph& graph) {
  Names wanted = graph.root().skill.optional_skills;
  for (const auto* node : graph.missing()) {
    for (const auto& name : node->skill.optional_skills) add_new(wanted, name);
  }
  return wanted;
}

std::string left_out(const std::string& name, const std::string& why) {
  return "skill " + name + ", which is optional, is left out: " + why;
}

}  // namespace

Result<Dependencies> find_dependencies(ArtifactKind kind, const KnownSkill& artifact,
                                       const FindSkill& find, OptionalSkills optional) {
  Graph graph(kind, artifact, find);
  HUB_CHECK(graph.add_artifact());
  Dependencies found;
  if (optional == OptionalSkills::come_along) {
    for (const auto& name : wishes(graph)) {
      const auto skill = find(name);
      if (!skill) {
        found.left_out.push_back(left_out(name, "it is not in the catalogue"));
        continue;
      }
      if (skill->installed || graph.has(skill->name)) continue;
      Graph with = graph;
      const auto added = with.add_optional(*skill);
      if (added) {
        graph = std::move(with);
      } else {
        found.left_out.push_back(left_out(name, added.error().message));
      }
    }
  }
  found.requires_skills = graph.root().edges;
  const auto note_present = [&](const Names& edges) {
    for (const auto& name : edges) {
      if (graph.is_installed(name)) add_new(found.present, name);
    }
  };
  note_present(found.requires_skills);
  for (const auto* node : graph.missing()) {
    note_present(node->edges);
    found.missing.push_back({node->skill.name, node->need, node->wave, node->edges});
  }
  return found;
}

}  // namespace hub::artifacts
