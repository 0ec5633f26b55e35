#include "http/accept_desk.hpp"

#include "base/log.hpp"
#include "http/operation_answers.hpp"
#include "operations/secrets.hpp"

namespace hub::http {
namespace {

Error failed(const OperationRequest& request, const std::exception& error) {
  log::error("http", "accept_failed", {{"kind", request.kind.text()}, {"error", error.what()}});
  return {ErrorCode::unavailable,
          "cannot accept " + request.kind.text() + ": an error inside the hub",
          "internal_error",
          "look for accept_failed in the hub's log",
          {}};
}

// Secrets go to a file of their own, and the disk is waited for.
bool has_secrets(const OperationRequest& request) {
  if (request.params.empty()) return false;
  operations::Secrets secrets;
  static_cast<void>(secrets.conceal_params(request.params));
  return !secrets.empty();
}

}  // namespace

AcceptDesk::AcceptDesk(operations::OperationManager& manager, operations::OperationMetrics& metrics,
                       Workers& workers)
    : manager_(manager), metrics_(metrics), workers_(workers) {
  for (const auto& kind : manager.kinds()) took_[kind] = -1;
}

void AcceptDesk::accept(const OperationRequest& request, Answered answered) {
  const auto known = took_.find(request.kind);
  Took* const took = known == took_.end() ? nullptr : &known->second;
  const auto counted = [this, kind = request.kind,
                        answered = std::move(answered)](Result<store::Accepted> accepted) {
    if (accepted) metrics_.answered(kind, accepted->how);
    answered(std::move(accepted));
  };
  const auto last = took ? took->load(std::memory_order_relaxed) : 0;  // an unknown kind is refused
  const bool quick = last >= 0 && last <= quick_max.count() && !has_secrets(request);
  if (quick) return accept_here(request, counted, took);
  const auto posted =
      workers_.post([this, request, counted, took] { accept_here(request, counted, took); });
  if (posted == Workers::Posted::too_many) counted(tl::unexpected(overloaded()));
}

void AcceptDesk::accept_here(const OperationRequest& request, const Answered& answered,
                             Took* took) {
  const auto began = std::chrono::steady_clock::now();
  try {
    manager_.accept(request, answered);
  } catch (const std::exception& error) {
    answered(tl::unexpected(failed(request, error)));
  }
  if (!took) return;
  const auto time = std::chrono::steady_clock::now() - began;
  took->store(std::chrono::duration_cast<std::chrono::microseconds>(time).count(),
              std::memory_order_relaxed);
}

void AcceptDesk::preview(const OperationRequest& request, const Reply& reply) {
  const auto posted = workers_.post([this, request, reply] {
    Request named;
    reply(guarded(named, [&](const Request&) {
      const auto plan = manager_.preview(request);
      return plan ? plan_response(*plan) : problem(plan.error());
    }));
  });
  if (posted == Workers::Posted::too_many) reply(problem(overloaded()));
}

void AcceptDesk::submit(const Submission& submission, const Reply& reply, Render render) {
  if (submission.submit == Submit::validate_only) return preview(submission.request, reply);
  accept(submission.request, [reply, render = std::move(render)](Result<store::Accepted> accepted) {
    reply.rendered([render, accepted = std::move(accepted)] { return render(accepted); });
  });
}

}  // namespace hub::http
