#include "cli/doctor.hpp"

#include <iostream>

#include "base/hash.hpp"
#include "cli/hub_client.hpp"
#include "cli/report.hpp"
#include "cli/terminal.hpp"
#include "cli/watch.hpp"
#include "diagnostics/checks.hpp"

namespace hub::cli {
namespace {

using diagnostics::Finding;
using diagnostics::Level;
using diagnostics::Report;
using diagnostics::Subject;

constexpr int column_of_text = 9;
constexpr int unbroken = 100'000;  // in a pipe, where lines are searched and commands copied

Paint paint_of(Level level) {
  switch (level) {
    case Level::ok: return Paint::good;
    case Level::warning: return Paint::warning;
    case Level::problem: return Paint::bad;
  }
  return Paint::none;
}

void add_lines(Lines& lines, const Finding& finding, int columns) {
  const auto room = std::max(20, columns - column_of_text);
  bool first = true;
  for (const auto& part : wrapped(printable(finding.message), room)) {
    Line line;
    if (std::exchange(first, false)) {
      line.add(to_json(finding.level).as_string().c_str(), paint_of(finding.level));
    }
    lines.push_back(line.to_column(column_of_text).add(part));
  }
  if (!finding.mend) return;
  for (const auto& part : wrapped("what to do: " + printable(*finding.mend), room)) {
    lines.push_back(Line().to_column(column_of_text).add(part, Paint::dim));
  }
}

Lines lines_of(const Report& report, int columns) {
  Lines lines;
  for (const auto& finding : report.findings) add_lines(lines, finding, columns);
  const auto paint = report.problems > 0   ? Paint::bad
                     : report.warnings > 0 ? Paint::warning
                                           : Paint::good;
  lines.emplace_back(diagnostics::summary_of(report), paint);
  return lines;
}

// The hub does it, so that it counts like any other operation.
Result<Report> ask_hub(HubClient& hub, const Doctor& wanted, const Clock& clock) {
  OperationRequest request;
  request.kind = OperationKind("diagnostics.run");
  request.target_kind = request.target_id = "hub";
  if (wanted.depth == Doctor::Depth::deep) request.params["deep"] = true;
  Watch watch(hub, {}, Shown::nothing, WatchScreen::Scope::one, clock);
  const auto key = "cli-" + random_hex(16);
  HUB_TRY(started, watch.patiently([&] { return hub.start(request, key); }));
  HUB_TRY(end, watch.one(started.seen.state.operation_id));
  if (!end.last || end.last->state.status != OperationStatus::succeeded) {
    const std::string why = end.last ? end.last->state.message : "it was left";
    return fail(ErrorCode::unavailable, "cannot look at the hub: " + why, "operation_failed",
                "adaos-hub operations show last says more");
  }
  HUB_TRY(result, watch.patiently([&] { return hub.result(started.seen.state.operation_id); }));
  return from_json<Report>(result, "result");
}

Result<Report> examine(const Doctor& wanted, const Clock& clock) {
  auto hub = HubClient::open(wanted.hub);
  const auto greeted =
      hub ? (*hub)->greet() : Result<std::optional<std::string>>(tl::unexpected(hub.error()));
  if (greeted) return ask_hub(**hub, wanted, clock);
  const auto& reason = greeted.error().reason;
  const bool nobody = reason == "hub_unreachable" || reason == "token_missing";
  if (!nobody || !wanted.hub.url.empty()) return tl::unexpected(greeted.error());
  std::cerr << "no hub runs on " << printable(wanted.hub.base_directory.string())
            << ": its files are looked at, and less can be told\n";
  const auto depth =
      wanted.depth == Doctor::Depth::deep ? Subject::Depth::deep : Subject::Depth::usual;
  return diagnostics::look_at_stopped(wanted.hub.base_directory, depth, clock);
}

}  // namespace

int run(const Doctor& wanted, const Clock& clock) {
  const auto report = examine(wanted, clock);
  if (!report) return cli::report(report.error(), wanted.hub.output);
  if (wanted.hub.output == Output::json) {
    write_out(boost::json::serialize(to_json(*report)) + "\n");
  } else {
    const auto console = find_console();
    const int columns = console.redraws ? screen_size().columns : unbroken;
    write_out(text_of(lines_of(*report, columns), console.colours));
  }
  return report->problems > 0 ? exit_failed : exit_done;
}

}  // namespace hub::cli
