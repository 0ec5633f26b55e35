#include "operations/progress.hpp"

#include <algorithm>
#include <cmath>

namespace hub::operations {
namespace {

constexpr std::chrono::milliseconds sample_gap{100};

}  // namespace

std::string plain_name(const std::string& step) { return step.substr(0, step.find(' ')); }

std::vector<int> weights_of(const std::vector<Step>& steps,
                            const std::map<std::string, std::int64_t>& step_times_ms) {
  double known_ms = 0;
  double known_weight = 0;
  for (const auto& step : steps) {
    const auto learned = step_times_ms.find(plain_name(step.name));
    if (learned == step_times_ms.end()) continue;
    known_ms += static_cast<double>(learned->second);
    known_weight += step.weight;
  }
  const double unit_ms = known_ms > 0 && known_weight > 0 ? known_ms / known_weight : 1;
  std::vector<int> weights;
  for (const auto& step : steps) {
    const auto learned = step_times_ms.find(plain_name(step.name));
    const double weight = learned != step_times_ms.end() && known_ms > 0
                              ? static_cast<double>(learned->second)
                              : unit_ms * step.weight;
    weights.push_back(static_cast<int>(std::clamp(std::ceil(weight), 1.0, 1e8)));
  }
  return weights;
}

ProgressDetail RateMeter::measured(ProgressDetail said, std::chrono::milliseconds now) {
  said.rate.reset();
  said.eta_ms.reset();
  if (!samples_.empty() && said.done < samples_.back().done) samples_.clear();  // it began again
  if (samples_.empty() || now - samples_.back().at >= sample_gap) {
    samples_.push_back({now, said.done});
  }
  while (samples_.size() > 2 && now - samples_[1].at >= window) samples_.pop_front();
  const auto span = now - samples_.front().at;
  const auto moved = said.done - samples_.front().done;
  if (span < span_min || moved <= 0) return said;
  const double per_second = static_cast<double>(moved) * 1000.0 / static_cast<double>(span.count());
  said.rate = static_cast<std::int64_t>(std::llround(per_second));
  if (said.total && *said.total >= said.done) {
    const double left_s = static_cast<double>(*said.total - said.done) / per_second;
    said.eta_ms = static_cast<std::int64_t>(std::llround(std::min(left_s, 1e9) * 1000.0));
  }
  return said;
}

}  // namespace hub::operations
