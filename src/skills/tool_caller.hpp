#pragma once
// Calls a tool of an installed skill: the active slot's function in a confined Python of its own,
// with the skill's packages, within limits; the network only if the manifest asks for it
// (permissions: [network]). What the skill keeps goes to its data folder, the only one it may write
// to; AdaOS's variable ADAOS_SKILL_ENV_PATH leads there.

#include <atomic>
#include <chrono>

#include "artifacts/active_skill.hpp"
#include "base/json.hpp"
#include "store/operation_store.hpp"

namespace hub::skills {

inline constexpr std::chrono::milliseconds call_time_default{30'000};
inline constexpr std::chrono::milliseconds call_time_max{300'000};

struct ToolCall {
  std::string skill, tool;  // by name or id, and by name
  boost::json::object arguments;
  std::chrono::milliseconds time_max = call_time_default;
};

struct ToolAnswer {
  std::string skill, version, tool;
  Json result;
  std::int64_t duration_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ToolAnswer, (), (skill, version, tool, result, duration_ms))

class ToolCaller {
 public:
  ToolCaller(store::OperationStore& store, const artifacts::Shelf& shelf)
      : store_(store), shelf_(shelf) {}

  // Blocking, for as long as the call takes; any thread, any number at once.
  //
  // not_found: "unknown_skill" (not installed), "unknown_tool", with details.suggestions,
  // "skill_files_missing"; invalid: "arguments_invalid" (arguments.hpp; or the function does not
  // take them); unavailable: "tool_raised" (details {type, message, traceback}), "tool_timeout",
  // "tool_ended" (it ended Python), "tool_result_invalid" (no JSON), "tool_missing" (the function
  // is not there), "sdk_missing"; exhausted: "tool_exceeded" (details.limit: output_too_large,
  // memory_exceeded, …); cancelled: stop() was called.
  Result<ToolAnswer> call(const ToolCall&);

  // Ends what runs, now and from now on.
  void stop() { stopping_ = true; }

 private:
  Result<InstalledArtifact> find(const std::string& name_or_id);

  store::OperationStore& store_;
  const artifacts::Shelf& shelf_;
  std::atomic<bool> stopping_{false};
};

}  // namespace hub::skills
