#include "operations/desk.hpp"

#include <utility>

#include "base/fault_point.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::milliseconds saving_interval{5'000};
constexpr const char* subject_seen = "$subject";
constexpr std::size_t undo_prefix = std::string_view("undo ").size();

}  // namespace

Desk::Desk(const RunServices& services, RunSignals& signals, Ledger& ledger,
           const UndoSubject* subject)
    : services_(services), signals_(signals), ledger_(ledger), subject_(subject) {}

void Desk::sit_down(std::size_t step, Direction direction) {
  at_ = step;
  direction_ = direction;
  began_ = saved_ = services_.clock.steady();
  ends_ = began_ + ledger_.step(step).timeout;
  signals_.step_ends_at = ends_.count();
  meter_.restart();
  artifacts_.clear();
  question_.reset();
  children_asked_ = 0;
  ledger_.sign_of_life();
  const auto& name = ledger_.step(step).name;
  if (!subject_ || name.size() <= undo_prefix || notes().contains(subject_seen)) return;
  for (const auto& known : subject_->journal) {
    if (known.name == name.substr(undo_prefix)) notes() = known.notes;
  }
  notes()[subject_seen] = true;
}

void Desk::stand_up() { signals_.step_ends_at = 0; }

bool Desk::out_of_time() const { return services_.clock.steady() >= ends_; }

std::chrono::milliseconds Desk::took() const { return services_.clock.steady() - began_; }

std::vector<store::ArtifactChange> Desk::take_artifacts() { return std::exchange(artifacts_, {}); }

std::optional<OperationReason> Desk::take_question() { return std::exchange(question_, {}); }

const OperationId& Desk::operation_id() const {
  return subject_ ? subject_->operation_id : ledger_.id();
}

bool Desk::stop_requested() const {
  if (signals_.drain || out_of_time()) return true;
  if (direction_ == Direction::back || ledger_.past_final()) return false;
  return ledger_.cancel_asked() || ledger_.past_deadline();
}

void Desk::progress(const ProgressDetail& said, const std::string& message) {
  ledger_.sign_of_life();
  const auto now = services_.clock.steady();
  const auto detail = meter_.measured(said, now);
  double share = 0;
  if (detail.total && *detail.total > 0) {
    share = static_cast<double>(detail.done) / static_cast<double>(*detail.total);
  }
  std::string shown = message;
  ledger_.secrets().blot(shown);
  if (direction_ == Direction::back) {
    services_.board.tick(ledger_.id(), {ledger_.state().progress, shown, detail});
    return;
  }
  // Zero is only said when it is known.
  std::optional<int> percent = ledger_.percent(at_, share);
  if (*percent == 0 && !detail.total) percent = ledger_.state().progress;
  services_.board.tick(ledger_.id(), {percent, shown, detail});
  if (now - saved_ < saving_interval) return;
  saved_ = now;
  if (percent) ledger_.state().progress = *percent;
  ledger_.state().progress_detail = detail;
  ledger_.state().message = std::move(shown);
  static_cast<void>(ledger_.advance({}));  // refused only when the run has been fenced: it will see
}

void Desk::log(std::string_view line) {
  ledger_.sign_of_life();
  services_.logs.append(ledger_.id(), ledger_.step(at_).name, line);
}

Result<> Desk::save_notes() { return ledger_.advance({.steps = {ledger_.entry(at_)}}); }

boost::json::object Desk::notes_of(const std::string& step) const {
  for (const auto& known : subject_ ? subject_->journal : ledger_.journal()) {
    if (known.name == step) return known.notes;
  }
  return {};
}

void Desk::change_installed(store::ArtifactChange change) {
  artifacts_.push_back(std::move(change));
}

void Desk::warn(const std::string& warning) {
  log("warning: " + warning);
  ledger_.warn(warning);
}

void Desk::conclude(const std::string& message) { notes()[note::conclusion] = message; }

void Desk::set_question(const std::string& question, boost::json::object params) {
  params["step"] = ledger_.step(at_).name;
  question_ = OperationReason{"confirm", {{"question", question}, {"params", std::move(params)}}};
  notes()[note::asked] = question;
}

std::optional<Json> Desk::answer_to(const std::string& question) {
  auto& kept = notes();
  if (auto* given = kept.if_contains(note::answer)) {
    const auto* asked = kept.if_contains(note::asked);
    if (asked && asked->is_string() && asked->get_string() == question) {
      Json answer = std::move(*given);
      kept.erase(note::answer);
      kept.erase(note::asked);
      auto& answers = kept[note::answers];
      if (!answers.is_object()) answers = boost::json::object{};
      answers.get_object()[question] = std::move(answer);
    }
  }
  const auto* answers = kept.if_contains(note::answers);
  const auto* known =
      answers && answers->is_object() ? answers->get_object().if_contains(question) : nullptr;
  if (!known) return std::nullopt;
  return *known;
}

Result<Json> Desk::ask(const std::string& question, const boost::json::object& params) {
  if (auto answer = answer_to(question)) return *std::move(answer);
  set_question(question, params);
  return fail(ErrorCode::conflict, "cannot go on: an answer is waited for", "waiting_input");
}

}  // namespace hub::operations
