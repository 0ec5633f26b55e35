#pragma once
// MarketplaceRow: one published artifact as the UI sees it. A pure function of (catalogue,
// installed artifacts, active operations), made by the room marketplace; the UI never sees raw
// registry.json.

#include "contracts/artifact.hpp"
#include "contracts/operation_state.hpp"

namespace hub {

struct InstallTarget {
  std::string target_kind, target_id;
};
BOOST_DESCRIBE_STRUCT(InstallTarget, (), (target_kind, target_id))

struct InstallAction {
  std::string target;  // "infrastate.action"
  std::string id;      // "marketplace_install"
  InstallTarget value;
};
BOOST_DESCRIBE_STRUCT(InstallAction, (), (target, id, value))

struct RequiredSkill {
  std::string name;
  std::string title;
  bool installed = false;
  bool available = true;  // false: not in the catalogue, so this row cannot be installed
};
BOOST_DESCRIBE_STRUCT(RequiredSkill, (), (name, title, installed, available))

struct MarketplaceRow {
  ArtifactKind kind = ArtifactKind::skill;
  std::string id;
  std::string name;
  std::string title;  // never empty
  boost::json::object title_i18n;
  std::string version;
  std::string updated_at;  // of this version, as published; or empty
  std::string description;
  boost::json::object description_i18n;
  std::vector<std::string> tags;
  std::string publisher;
  bool installed = false;
  Nullable<std::string> installed_version;
  bool update_available = false;
  bool content_differs = false;  // the same version with other bytes
  Nullable<std::int64_t> size;   // bytes
  bool verified = false;         // published with a digest that an install will check
  std::vector<RequiredSkill> requires_;
  InstallAction install_action;
  bool install_disabled = false;
  std::string disabled_reason;  // "operation_active", "installed", "requires_missing", …; or empty
  Nullable<OperationId> operation_id;
  Nullable<OperationStatus> operation_status;
  Nullable<std::string> operation_step;
  Nullable<int> progress;
};

// By hand, since "requires" is a C++ keyword.
Json to_wire(const MarketplaceRow&);

}  // namespace hub
