#include "matrix/meddling.hpp"

namespace hub::matrix {
namespace {

using operations::Plan;
using operations::Step;
using operations::StepContext;
using operations::Workflow;

using StepRun = std::function<Result<>(StepContext&)>;

StepRun meddled(StepRun run, const Meddling& meddling, Meddling::Binds binds) {
  return [run = std::move(run), meddling, binds](StepContext& context) -> Result<> {
    const auto meddle = [&]() -> Result<> {
      if (meddling.what != Meddling::What::cancel) {
        return fail(ErrorCode::invalid, "cannot go on: the test made it fail", "test_failure");
      }
      meddling.cancel(context.operation_id(), binds);
      return {};
    };
    if (meddling.when == Meddling::When::before) HUB_CHECK(meddle());
    HUB_CHECK(run(context));
    if (meddling.when == Meddling::When::after) HUB_CHECK(meddle());
    return {};
  };
}

class Meddled final : public Workflow {
 public:
  Meddled(std::unique_ptr<Workflow> inner, Meddling meddling)
      : inner_(std::move(inner)), meddling_(std::move(meddling)) {}

  OperationKind kind() const override { return inner_->kind(); }
  int version() const override { return inner_->version(); }
  Result<Plan> resolve(const OperationRequest& request) const override {
    return inner_->resolve(request);
  }
  std::vector<Step> steps(const Json& intent) const override {
    auto steps = inner_->steps(intent);
    if (meddling_.kind != kind() || meddling_.step >= steps.size()) return steps;
    Step& step = steps[meddling_.step];
    const auto binds =
        step.kind == operations::StepClass::final ? Meddling::Binds::no : Meddling::Binds::yes;
    switch (meddling_.what) {
      case Meddling::What::nothing: break;
      case Meddling::What::fail:
      case Meddling::What::cancel: step.run = meddled(std::move(step.run), meddling_, binds); break;
      case Meddling::What::fail_undo:
        if (step.undo) step.undo = meddled(std::move(step.undo), meddling_, binds);
        break;
    }
    return steps;
  }
  void clean_up(const OperationId& id) const override { inner_->clean_up(id); }
  std::size_t slots() const override { return inner_->slots(); }
  Priority priority() const override { return inner_->priority(); }
  std::chrono::seconds deadline() const override { return inner_->deadline(); }
  std::chrono::seconds stall_after() const override { return inner_->stall_after(); }
  std::chrono::seconds undo_window() const override { return inner_->undo_window(); }

 private:
  std::unique_ptr<Workflow> inner_;
  Meddling meddling_;
};

}  // namespace

operations::Workflows meddle_with(operations::Workflows workflows, const Meddling& meddling) {
  for (auto& workflow : workflows) {
    workflow = std::make_unique<Meddled>(std::move(workflow), meddling);
  }
  return workflows;
}

std::string to_text(const Meddling& meddling) {
  const std::string place =
      (meddling.when == Meddling::When::before ? " before step " : " after step ") +
      std::to_string(meddling.step);
  switch (meddling.what) {
    case Meddling::What::nothing: break;
    case Meddling::What::fail: return "failure" + place;
    case Meddling::What::cancel: return "cancel" + place;
    case Meddling::What::fail_undo: return "failure of the undo" + place;
  }
  return "success";
}

}  // namespace hub::matrix
