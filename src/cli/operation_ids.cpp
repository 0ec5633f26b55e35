#include "cli/operation_ids.hpp"

#include <algorithm>

#include "cli/words.hpp"

namespace hub::cli {
namespace {

constexpr std::size_t whole_id_size = 39;  // "op_" and a UUID
constexpr int page_size = 1'000;
constexpr std::size_t named_max = 5;  // of an ambiguous beginning
constexpr const char* list_hint = "adaos-hub operations list shows the ids";

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
}

Result<OperationId> last_one(HubClient& hub) {
  std::string after;
  for (int seen = 0; seen < operations_searched_max; seen += page_size) {
    HUB_TRY(page, hub.list({.after = after, .limit = page_size}));
    for (const auto& operation : page.operations) {
      if (!operation.state.parent_id) return operation.state.operation_id;
    }
    after = page.next;
    if (after.empty()) break;
  }
  return fail(ErrorCode::not_found, "cannot find the last operation: this hub has run none yet",
              "operation_not_found", "adaos-hub skill install NAME starts one");
}

Result<OperationId> unique_of(const std::vector<OperationId>& matches, const std::string& given) {
  if (matches.size() == 1) return matches.front();
  std::string named;
  ShortIds ids;
  for (const auto& match : matches) ids.add(match);
  for (std::size_t i = 0; i < std::min(matches.size(), named_max); ++i) {
    named += (i == 0 ? "" : ", ") + ids.of(matches[i]);
  }
  if (matches.size() > named_max) named += ", …";
  return fail(ErrorCode::invalid,
              "cannot tell which operation " + given + " is: " + std::to_string(matches.size()) +
                  " begin like that (" + named + ")",
              "ambiguous_id", "give more characters", {{"given", given}});
}

}  // namespace

bool is_whole_id(const std::string& text) {
  return text.size() == whole_id_size && text.starts_with("op_") &&
         std::all_of(text.begin() + 3, text.end(), is_id_character);
}

std::vector<OperationId> matching_ids(std::span<const OperationId> ids, const std::string& given) {
  std::vector<OperationId> matches;
  for (const auto& id : ids) {
    if (random_end_of(id).starts_with(given) || id.text().starts_with(given)) {
      matches.push_back(id);
    }
  }
  return matches;
}

Result<OperationId> resolve_id(HubClient& hub, const std::string& given) {
  if (is_whole_id(given)) return OperationId(given);
  if (given == "last") return last_one(hub);
  const std::string digits = given.starts_with("op_") ? given.substr(3) : given;
  if (digits.empty() || !std::ranges::all_of(digits, is_id_character)) {
    return fail(ErrorCode::invalid,
                "cannot find an operation \"" + printable(given) + "\": that is no id", "bad_id",
                list_hint, {{"given", given}});
  }
  std::string after;
  std::vector<OperationId> matches;
  int searched = 0;
  while (searched < operations_searched_max) {
    HUB_TRY(page, hub.list({.after = after, .limit = page_size}));
    std::vector<OperationId> ids;
    for (const auto& operation : page.operations) ids.push_back(operation.state.operation_id);
    searched += static_cast<int>(ids.size());
    const auto more = matching_ids(ids, given);
    matches.insert(matches.end(), more.begin(), more.end());
    after = page.next;
    if (after.empty() || !matches.empty()) break;
  }
  if (!matches.empty()) return unique_of(matches, given);
  const bool all = after.empty();
  return fail(
      ErrorCode::not_found,
      "cannot find operation " + given + ": none" +
          (all ? std::string(" of this hub") : " of the newest " + std::to_string(searched)) +
          " has such an id",
      "operation_not_found", all ? list_hint : "give the whole id of an older one",
      {{"given", given}});
}

}  // namespace hub::cli
