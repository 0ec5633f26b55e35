#include "migration/adaos_history.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "migration/source_files.hpp"

namespace hub::migration {
namespace {

constexpr std::size_t history_bytes_max = std::size_t{64} << 20U;
constexpr std::size_t operations_max = 10'000;
constexpr std::size_t text_bytes_max = 2'000;
constexpr const char* schema = "adaos.operations.state.v1";

std::string short_text_in(const boost::json::object& object, const char* key) {
  auto text = text_in(object, key);
  if (text.size() > text_bytes_max) text.resize(text_bytes_max);
  return text;
}

enum class Ended { yes, no, unknown };

// AdaOS's words, those that it never writes included.
Ended outcome_of(const std::string& status, std::string& outcome) {
  outcome = status;
  if (status == "succeeded" || status == "failed" || status == "cancelled") return Ended::yes;
  outcome = "failed";
  if (status == "recoverable") return Ended::yes;
  for (const char* live : {"accepted", "queued", "running", "waiting_input", "cancelling"}) {
    if (status == live) return Ended::no;
  }
  return Ended::unknown;
}

void add(const Json& value, const std::string& webspace, History& history,
         std::map<std::string, std::int64_t>& strange) {
  const auto* object = value.if_object();
  PastOperation one;
  if (object) {
    one.operation_id = short_text_in(*object, "operation_id");
    one.kind = short_text_in(*object, "kind");
    one.status = short_text_in(*object, "status");
  }
  if (one.operation_id.empty() || one.kind.empty() || one.status.empty()) {
    ++history.unreadable;
    return;
  }
  one.target_kind = short_text_in(*object, "target_kind");
  one.target_id = short_text_in(*object, "target_id");
  one.message = short_text_in(*object, "message");
  one.started_at = short_text_in(*object, "started_at");
  one.finished_at = short_text_in(*object, "finished_at");
  one.webspace_id = webspace;
  switch (outcome_of(one.status, one.outcome)) {
    case Ended::yes: break;
    case Ended::no: ++history.unfinished; break;
    case Ended::unknown: ++strange[one.status]; break;
  }
  history.operations.push_back(std::move(one));
}

tl::unexpected<Error> not_understood(const std::string& why) {
  return fail(ErrorCode::invalid, "cannot read " + std::string(history_path) + ": " + why,
              "history_unreadable");
}

Result<boost::json::object> webspaces_in(const fs::path& root) {
  HUB_TRY(text, read_source(root, history_path, history_bytes_max));
  boost::system::error_code ec;
  const auto whole = boost::json::parse(text, ec);
  if (ec || !whole.is_object()) return not_understood("it is not JSON");
  const auto said = short_text_in(whole.get_object(), "schema");
  if (said != schema) return not_understood("its schema is \"" + said + "\"");
  const auto* webspaces = whole.get_object().if_contains("webspaces");
  if (!webspaces || !webspaces->is_object()) return not_understood("it has no webspaces");
  return webspaces->get_object();
}

}  // namespace

History read_history(const fs::path& root) {
  History history;
  const auto webspaces = webspaces_in(root);
  if (!webspaces) {
    const bool none = webspaces.error().code == ErrorCode::not_found;
    if (!none) history.warnings.push_back(webspaces.error().message);
    return history;
  }
  std::map<std::string, std::int64_t> strange;
  for (const auto& [webspace, value] : *webspaces) {
    const auto* object = value.if_object();
    const auto* operations = object ? object->if_contains("operations") : nullptr;
    if (!operations || !operations->is_array()) continue;
    for (const auto& one : operations->get_array()) add(one, webspace, history, strange);
  }
  std::ranges::sort(history.operations, {}, [](const PastOperation& one) {
    return std::tie(one.started_at, one.operation_id);
  });
  if (history.operations.size() > operations_max) {
    history.warnings.push_back("AdaOS remembers " + std::to_string(history.operations.size()) +
                               " operations: the last " + std::to_string(operations_max) +
                               " are taken");
    history.operations.erase(history.operations.begin(),
                             history.operations.end() - std::ptrdiff_t{operations_max});
  }
  for (const auto& [status, count] : strange) {
    history.warnings.push_back(std::to_string(count) +
                               " operations of AdaOS have the unknown status \"" + status +
                               "\": they count as failed");
  }
  return history;
}

}  // namespace hub::migration
