#include "contracts/marketplace_row.hpp"

namespace hub {

Json to_wire(const MarketplaceRow& row) {
  return boost::json::object{{"kind", to_json(row.kind)},
                             {"id", row.id},
                             {"name", row.name},
                             {"title", row.title},
                             {"title_i18n", row.title_i18n},
                             {"version", row.version},
                             {"updated_at", row.updated_at},
                             {"description", row.description},
                             {"description_i18n", row.description_i18n},
                             {"tags", to_json(row.tags)},
                             {"publisher", row.publisher},
                             {"installed", row.installed},
                             {"installed_version", to_json(row.installed_version)},
                             {"update_available", row.update_available},
                             {"content_differs", row.content_differs},
                             {"size", to_json(row.size)},
                             {"verified", row.verified},
                             {"requires", to_json(row.requires_)},
                             {"install_action", to_json(row.install_action)},
                             {"install_disabled", row.install_disabled},
                             {"disabled_reason", row.disabled_reason},
                             {"operation_id", to_json(row.operation_id)},
                             {"operation_status", to_json(row.operation_status)},
                             {"operation_step", to_json(row.operation_step)},
                             {"progress", to_json(row.progress)}};
}

}  // namespace hub
