#include "matrix/projection_checks.hpp"

#include <set>
#include <thread>

namespace hub::matrix {
namespace {

using Sentences = std::vector<std::string>;

constexpr int looks_max = 1000;  // not a time: the whole machine may stop for a while

std::string text_in(const boost::json::object& map, const char* field) {
  const auto* found = map.if_contains(field);
  return found ? boost::json::serialize(*found) : "nothing";
}

template <class Value>
std::string text_of(const Value& value) {
  return boost::json::serialize(to_json(value));
}

void compare(const OperationState& stored, const boost::json::object& shown, Sentences& found) {
  const std::vector<std::pair<const char*, std::string>> fields{
      {"status", text_of(stored.status)},     {"revision", text_of(stored.revision)},
      {"effects", text_of(stored.effects)},   {"message", text_of(stored.message)},
      {"can_undo", text_of(stored.can_undo)}, {"can_cancel", text_of(stored.can_cancel)}};
  for (const auto& [field, wanted] : fields) {
    const auto here = text_in(shown, field);
    if (here == wanted) continue;
    std::string sentence = "the document shows " + stored.kind.text() + " with ";
    sentence.append(field).append(" ").append(here).append(", the store has ").append(wanted);
    found.push_back(std::move(sentence));
  }
}

Sentences differences_of(SmallHub& hub) {
  Sentences found;
  const Json document = hub.document();
  const auto& runtime = document.at("runtime").as_object();
  const auto& shown = runtime.at("operations").at("by_id").as_object();
  store::OperationFilter everything;
  everything.limit = 1000;
  const auto stored = hub.store().list(everything);
  for (const auto& state : stored) {
    const auto* one = shown.if_contains(state.operation_id.text());
    if (one) {
      compare(state, one->as_object(), found);
    } else if (stored.size() <= projection::kEndedMax) {
      found.push_back("the document does not show " + state.operation_id.text());
    }
  }
  std::set<std::string> known;
  for (const auto& state : stored) known.insert(state.operation_id.text());
  for (const auto& [id, one] : shown) {
    if (!known.contains(id)) found.push_back("the document shows " + std::string(id) + ", unknown");
  }
  const auto told = hub.store().notifications("desktop", projection::kNotificationsMax).size();
  if (const auto here = runtime.at("notifications").as_array().size(); here != told) {
    found.push_back("the document has " + std::to_string(here) + " notifications, the store " +
                    std::to_string(told));
  }
  const auto seq = runtime.at("meta").at("seq").to_number<std::int64_t>();
  if (seq != hub.store().last_seq()) {
    found.push_back("the document is at event " + std::to_string(seq) + ", the store at " +
                    std::to_string(hub.store().last_seq()));
  }
  return found;
}

}  // namespace

std::vector<std::string> projection_violations_of(SmallHub& hub) {
  for (int look = 1;; ++look) {
    auto found = differences_of(hub);
    if (found.empty() || look == looks_max) return found;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace hub::matrix
