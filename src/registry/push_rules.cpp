#include "registry/push_rules.hpp"

#include "registry/normalise.hpp"

namespace hub::registry {

Result<> check_version(const Offer& offer, const Published& before) {
  if (before.version.empty() && before.tree.empty()) return {};
  if (offer.tree == before.tree) return {};
  const auto order = compare_versions(offer.version, before.version);
  boost::json::object details{{"name", offer.name},
                              {"version", offer.version},
                              {"published_version", before.version},
                              {"published_tree", before.tree}};
  const std::string doing = "cannot publish " + offer.name + " " + offer.version;
  if (order == std::partial_ordering::less) {
    return fail(ErrorCode::conflict, doing + ": the registry has " + before.version,
                "version_not_newer",
                "raise the version above " + before.version + ", or push with --bump patch",
                std::move(details));
  }
  if (order == std::partial_ordering::equivalent && !before.tree.empty()) {
    return fail(ErrorCode::conflict, doing + ": the registry has this version with other content",
                "version_content_changed",
                "raise the version in the manifest, or push with --bump patch", std::move(details));
  }
  return {};
}

Result<JsonNode> entry_of(const Offer& offer, const JsonNode* previous, const Published& before) {
  HUB_TRY(entry, parse_json_text(offer.entry, "the entry of " + offer.name));
  const std::string* date = previous ? previous->find_string("updated_at") : nullptr;
  // Nothing in an entry is the time of reading: the same content keeps its date.
  if (date && !offer.own_date && before.tree == offer.tree) {
    entry.set("updated_at", JsonNode::string(*date));
  }
  if (offer.publisher.owner_id.empty()) return entry;
  const JsonNode* known = previous ? previous->find("publisher") : nullptr;
  JsonNode publisher = known && known->is_object() ? *known : JsonNode::object();
  publisher.set("owner_id", JsonNode::string(offer.publisher.owner_id));
  if (!offer.publisher.node_id.empty()) {
    publisher.set("node_id", JsonNode::string(offer.publisher.node_id));
  }
  entry.set("publisher", std::move(publisher));
  return merge_entry(JsonNode::object(), entry);  // its keys in their order
}

bool is_own_fault(const Error& error) { return error.code == ErrorCode::conflict; }

}  // namespace hub::registry
