#include "projection/project.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "projection/legacy_toasts.hpp"

namespace hub::projection {
namespace {

using ydoc::AuthoredDocument;
using ydoc::Path;

const Path kOperations{"runtime", "operations"};
const Path kById{"runtime", "operations", "by_id"};
const Path kMeta{"runtime", "meta"};

// What overwritten keys leave behind is 14-20 bytes each until their container is rotated.
constexpr std::size_t kStructsMin = 2000, kStructsPerLiveItem = 4;

Path below(const Path& path, std::string key) {
  Path out = path;
  out.push_back(std::move(key));
  return out;
}

bool is_tick_field(std::string_view field) {
  return field == "progress" || field == "progress_detail" || field == "message" ||
         field == "updated_at";
}

// Fields that the document doesn't have like this, and fields that it has and should not.
struct Difference {
  std::vector<std::string> write, erase;
  bool only_tick() const {
    return std::all_of(write.begin(), write.end(), is_tick_field) &&
           std::all_of(erase.begin(), erase.end(), is_tick_field);
  }
  bool empty() const { return write.empty() && erase.empty(); }
};

Difference difference(const AuthoredDocument& document, const Path& path,
                      const boost::json::object& wanted) {
  Difference out;
  for (const auto& [key, value] : wanted) {
    const Json* held = document.find(below(path, std::string(key)));
    if (!held || *held != value) out.write.emplace_back(key);
  }
  for (const std::string& key : document.keys(path)) {
    if (!wanted.contains(key)) out.erase.push_back(key);
  }
  return out;
}

void write_fields(AuthoredDocument& document, const Path& path, const boost::json::object& wanted,
                  const Difference& fields) {
  for (const std::string& key : fields.write) document.set(below(path, key), wanted.at(key));
  for (const std::string& key : fields.erase) document.erase(below(path, key));
}

// Live operations and the newest ended ones.
std::vector<const OperationState*> window(const std::vector<OperationState>& operations) {
  std::size_t ended = 0;
  std::vector<const OperationState*> out;
  for (auto one = operations.rbegin(); one != operations.rend(); ++one) {
    if (is_terminal(one->status) && ++ended > kEndedMax) continue;
    out.push_back(&*one);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::optional<Instant> write_operation(AuthoredDocument& document, const OperationState& state,
                                       TickTimes& ticks, Instant now) {
  const std::string& id = state.operation_id.text();
  const Path path = below(kById, id);
  const Json rendered = to_json(state);
  const bool known = document.is_map(path);
  if (!known) document.set_map(path);
  const Difference fields = difference(document, path, rendered.get_object());
  if (fields.empty()) return std::nullopt;
  if (known && fields.only_tick()) {
    const auto last = ticks.find(id);
    if (last != ticks.end() && now - last->second < kTickGap) return last->second + kTickGap;
  }
  ticks[id] = now;
  write_fields(document, path, rendered.get_object(), fields);
  return std::nullopt;
}

// The lists at the roots can't be rotated: what they leave the server clears with a new author.
void rotate_when_worth_it(AuthoredDocument& document) {
  const std::size_t enough = kStructsMin + kStructsPerLiveItem * document.live_items();
  if (document.structs() < enough || document.written_since_rotation() < enough) return;
  document.rotate(kOperations);
  document.rotate(kMeta);
}

boost::json::array rendered(const std::vector<OperationNotification>& notifications) {
  boost::json::array out;
  const std::size_t size = notifications.size();
  for (std::size_t i = size > kNotificationsMax ? size - kNotificationsMax : 0; i < size; ++i) {
    out.push_back(to_json(notifications[i]));
  }
  return out;
}

}  // namespace

std::optional<Instant> project(const ProjectionInput& input, AuthoredDocument& document,
                               TickTimes& ticks, Instant now) {
  for (const Path& map : {kOperations, kById, kMeta, Path{"data", "infrastate"}}) {
    document.set_map(map);
  }
  rotate_when_worth_it(document);

  std::optional<Instant> again;
  std::set<std::string> shown;
  boost::json::array order, active;
  for (const OperationState* state : window(input.operations)) {
    const auto due = write_operation(document, *state, ticks, now);
    if (due) again = again ? std::min(*again, *due) : *due;
    const std::string& id = state->operation_id.text();
    shown.insert(id);
    order.push_back(boost::json::string(id));
    if (!is_terminal(state->status)) active.push_back(boost::json::string(id));
  }
  for (const std::string& id : document.keys(kById)) {
    if (!shown.contains(id)) document.erase(below(kById, id));
  }
  std::erase_if(ticks, [&](const auto& tick) { return !shown.contains(tick.first); });
  document.set(below(kOperations, "order"), std::move(order));
  document.set(below(kOperations, "active"), std::move(active));
  document.set({"runtime", "notifications"}, rendered(input.notifications));
  document.set({"data", "desktop", "toasts"}, legacy_toasts(input.notifications));
  document.set({"data", "infrastate", "update_actions"}, input.update_actions);
  const boost::json::object meta{
      {"feed_id", input.feed_id}, {"seq", input.seq}, {"protocol", kProtocol}};
  write_fields(document, kMeta, meta, difference(document, kMeta, meta));
  return again;
}

}  // namespace hub::projection
