#include "cli/migrate_commands.hpp"

#include <algorithm>
#include <array>

#include "base/hash.hpp"
#include "cli/hub_client.hpp"
#include "cli/operations_commands.hpp"
#include "cli/terminal.hpp"
#include "cli/watch.hpp"
#include "cli/words.hpp"

namespace hub::cli {
namespace {

constexpr int gap = 2;
constexpr int unbroken = 100'000;  // in a pipe, where lines are searched
constexpr int indent = 4;

struct Fate {
  std::string_view wire;
  const char* said;
  Paint paint;
};
constexpr std::array fates{Fate{"adopt", "is taken over", Paint::good},
                           Fate{"adopted", "was taken over", Paint::good},
                           Fate{"present", "is here already", Paint::dim},
                           Fate{"conflict", "stays as it is here", Paint::warning},
                           Fate{"refused", "cannot be taken", Paint::warning},
                           Fate{"failed", "does not run here", Paint::bad}};

struct Row {
  std::string kind, name, version, size, said, reason, hint;
  Paint paint = Paint::none;
};

Row row_of(const boost::json::object& item) {
  Row row{
      printable_in(item, "kind"), printable_in(item, "name"),   printable_in(item, "version"), {},
      printable_in(item, "fate"), printable_in(item, "reason"), printable_in(item, "hint")};
  const auto bytes = number_in(item, "bytes") + number_in(item, "data_bytes");
  if (bytes > 0) row.size = size_text(bytes);
  const auto fate = std::ranges::find(fates, row.said, &Fate::wire);
  if (fate != fates.end()) {
    row.said = fate->said;
    row.paint = fate->paint;
  }
  if (const auto pin = printable_in(item, "pin"); !pin.empty()) row.said += ", pinned";
  if (printable_in(item, "packages") == "installed") row.said += ", packages fetched anew";
  if (number_in(item, "data_bytes") > 0) {
    row.said += ", with " + size_text(number_in(item, "data_bytes")) + " of data";
  }
  return row;
}

std::vector<Row> rows_of(const boost::json::object& report) {
  std::vector<Row> rows;
  const auto* items = report.if_contains("items");
  if (!items || !items->is_array()) return rows;
  for (const auto& item : items->get_array()) {
    if (item.is_object()) rows.push_back(row_of(item.get_object()));
  }
  return rows;
}

void add_wrapped(Lines& lines, const std::string& text, int columns, Paint paint) {
  for (const auto& part : wrapped(text, std::max(20, columns - indent))) {
    lines.push_back(Line().to_column(indent).add(part, paint));
  }
}

void add_table(Lines& lines, const std::vector<Row>& rows, int columns) {
  int name = width_of("NAME"), version = width_of("VERSION"), size = width_of("SIZE");
  for (const auto& row : rows) {
    name = std::max(name, width_of(row.name));
    version = std::max(version, width_of(row.version));
    size = std::max(size, width_of(row.size));
  }
  const int name_at = width_of("scenario") + gap, version_at = name_at + name + gap;
  const int size_at = version_at + version + gap, said_at = size_at + size + gap;
  lines.push_back(Line("KIND", Paint::dim)
                      .to_column(name_at)
                      .add("NAME", Paint::dim)
                      .to_column(version_at)
                      .add("VERSION", Paint::dim)
                      .to_column(size_at)
                      .add("SIZE", Paint::dim));
  for (const auto& row : rows) {
    Line line(row.kind);
    line.to_column(name_at).add(row.name).to_column(version_at).add(row.version);
    line.to_column(size_at).add(row.size).to_column(said_at).add(row.said, row.paint);
    lines.push_back(columns == unbroken ? line : line.cut_to(columns));
    if (!row.reason.empty()) add_wrapped(lines, row.reason, columns, Paint::none);
    if (!row.hint.empty()) add_wrapped(lines, "what to do: " + row.hint, columns, Paint::dim);
  }
}

Result<std::unique_ptr<HubClient>> open_hub(const HubOptions& options) {
  HUB_TRY(hub, HubClient::open(options));
  HUB_TRY(other_version, hub->greet());
  static_cast<void>(other_version);
  return hub;
}

void show(const boost::json::object& report) {
  const auto console = find_console();
  const int columns = console.redraws ? screen_size().columns : unbroken;
  write_out(text_of(migration_lines(report, columns), console.colours));
}

Result<int> show_plan(const StartOperation& wanted) {
  HUB_TRY(hub, open_hub(wanted.hub));
  HUB_TRY(answer, hub->preview(wanted.request));
  if (wanted.hub.output == Output::json) {
    write_out(boost::json::serialize(answer) + "\n");
    return exit_done;
  }
  const auto* plan = answer.is_object() ? answer.get_object().if_contains("plan") : nullptr;
  const auto* outlook =
      plan && plan->is_object() ? plan->get_object().if_contains("outlook") : nullptr;
  if (!outlook || !outlook->is_object()) {
    return fail(ErrorCode::unavailable, "cannot show the plan: the hub's answer holds none",
                "other_version", "use the adaos-hub that belongs to the hub");
  }
  show(outlook->get_object());
  write_out("Nothing was started.\n");
  return exit_done;
}

Result<int> migrate(const StartOperation& wanted, const Clock& clock) {
  HUB_TRY(hub, open_hub(wanted.hub));
  Watch watch(*hub, wanted.watch, Shown::for_people, WatchScreen::Scope::one, clock);
  const auto key = "cli-" + random_hex(16);
  HUB_TRY(started, watch.patiently([&] { return hub->start(wanted.request, key); }));
  HUB_TRY(end, watch.one(started.seen.state.operation_id));
  if (!end.last || end.last->state.status != OperationStatus::succeeded) return end.exit_code;
  HUB_TRY(result, watch.patiently([&] { return hub->result(started.seen.state.operation_id); }));
  show(result);
  return end.exit_code;
}

}  // namespace

Lines migration_lines(const boost::json::object& report, int columns) {
  Lines lines;
  const auto rows = rows_of(report);
  if (rows.empty()) {
    lines.emplace_back("no skills and no scenarios in " + printable_in(report, "source"));
  } else {
    add_table(lines, rows, columns);
  }
  if (const auto* warnings = report.if_contains("warnings"); warnings && warnings->is_array()) {
    for (const auto& warning : warnings->get_array()) {
      lines.emplace_back("warning:", Paint::warning);
      add_wrapped(lines, text_of_value(warning), columns, Paint::none);
    }
  }
  if (const auto past = number_in(report, "past_operations"); past > 0) {
    const auto open = number_in(report, "unfinished_operations");
    lines.emplace_back(
        "AdaOS remembers " + std::to_string(past) + " operations" +
        (open > 0 ? ", " + std::to_string(open) + " of them not ended" : std::string()));
  }
  if (const auto bytes = number_in(report, "bytes"); bytes > 0) {
    lines.emplace_back(size_text(bytes) + " in all, from " + printable_in(report, "source"));
  }
  return lines;
}

int run(const Migrate& wanted, const Clock& clock) {
  const auto& start = wanted.start;
  // Programs, and those who do not wait, get what any other operation gives them.
  const bool plain = start.hub.output == Output::json || start.watch.wait == Wait::no;
  if (start.mode == StartOperation::Mode::start && plain) return run(start, clock);
  return finished(
      start.mode == StartOperation::Mode::plan ? show_plan(start) : migrate(start, clock),
      start.hub.output);
}

}  // namespace hub::cli
