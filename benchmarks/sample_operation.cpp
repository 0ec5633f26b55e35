#include "sample_operation.hpp"

#include "base/hash.hpp"

namespace hub::benchmarks {
namespace {

constexpr const char* commit = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567";
constexpr const char* tree =
    "sha256:5774458c09c4fdf0c2e6bb39ccbc26309e559ad8c5cfba3dd98dae7a7b2e7d77";

store::NewOperation sample(std::int64_t number, Time now) {
  const std::string name = "skill_" + std::to_string(number);
  store::NewOperation wanted;
  auto& state = wanted.state;
  state.operation_id = OperationId("op_" + uuid_v7(to_millis(now)));
  state.kind = OperationKind("skill.install");
  state.target_kind = "skill";
  state.target_id = name;
  state.webspace_id = "desktop";
  state.message = "waiting to install Sample skill 1.0.0";
  state.initiator = {"user", "token"};
  state.scope = {"global", "skill.install", "skill:" + name};
  state.can_cancel = true;
  state.created_at = state.updated_at = now;
  state.title_key = "operation.skill.install";
  state.title_args = {{"name", name}, {"title", "Sample skill"}, {"version", "1.0.0"}};
  state.log_href = "/api/operations/" + state.operation_id.text() + "/log";
  state.resources.emplace_back("skill:" + name);
  wanted.locks.push_back({Resource("skill:" + name), store::LockMode::exclusive});
  wanted.fingerprint = to_hex(sha256(name));
  wanted.request = boost::json::object{{"target_id", name}, {"params", boost::json::object{}}};
  wanted.intent = boost::json::object{
      {"commit", commit},
      {"artifacts", boost::json::array{boost::json::object{{"kind", "skill"},
                                                           {"name", name},
                                                           {"id", name},
                                                           {"version", "1.0.0"},
                                                           {"title", "Sample skill"},
                                                           {"tree", tree}}}}};
  return wanted;
}

}  // namespace

store::NewOperation sample_install(std::int64_t number, Time now) {
  auto wanted = sample(number, now);
  for (const auto& [name, weight] :
       {std::pair{"fetch", 5}, {"verify", 2}, {"prepare", 4}, {"activate", 1}}) {
    wanted.state.steps.push_back(
        {.name = name, .weight = weight, .started_at = {}, .finished_at = {}});
  }
  return wanted;
}

store::NewOperation sample_of_steps(std::int64_t number, int steps, Time now) {
  auto wanted = sample(number, now);
  for (int i = 0; i < steps; ++i) {
    wanted.state.steps.push_back(
        {.name = "step_" + std::to_string(i), .started_at = {}, .finished_at = {}});
  }
  return wanted;
}

}  // namespace hub::benchmarks
