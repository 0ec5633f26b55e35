#include "cli/model_commands.hpp"

#include <algorithm>

#include "cli/hub_client.hpp"
#include "cli/report.hpp"
#include "cli/terminal.hpp"
#include "cli/words.hpp"

namespace hub::cli {
namespace {

constexpr int gap = 2;

struct Row {
  std::string name, size, files, broken;
};

std::vector<Row> rows_of(const boost::json::object& answer) {
  std::vector<Row> rows;
  const auto* items = answer.if_contains("items");
  if (!items || !items->is_array()) return rows;
  for (const auto& value : items->get_array()) {
    if (!value.is_object()) continue;
    const auto& item = value.get_object();
    const auto* size = item.if_contains("size");
    const auto* files = item.if_contains("files");
    rows.push_back({printable_in(item, "name"),
                    size && size->is_int64() ? size_text(size->get_int64()) : "",
                    files && files->is_array() ? std::to_string(files->get_array().size()) : "",
                    printable_in(item, "broken")});
  }
  return rows;
}

Lines table_of(const std::vector<Row>& rows, const Console& console) {
  if (rows.empty()) return {Line("no models")};
  int name = width_of("MODEL"), size = width_of("SIZE");
  for (const auto& row : rows) {
    name = std::max(name, width_of(row.name));
    size = std::max(size, width_of(row.size));
  }
  const int size_at = name + gap, files_at = size_at + size + gap;
  Lines lines{Line("MODEL", Paint::dim)
                  .to_column(size_at)
                  .add("SIZE", Paint::dim)
                  .to_column(files_at)
                  .add("FILES", Paint::dim)};
  for (const auto& row : rows) {
    Line line(row.name);
    line.to_column(size_at).add(row.size).to_column(files_at).add(row.files);
    if (!row.broken.empty()) line.add("  " + row.broken, Paint::bad);
    lines.push_back(console.redraws ? line.cut_to(screen_size().columns) : line);
  }
  return lines;
}

Result<boost::json::object> ask(const ListModels& wanted) {
  HUB_TRY(hub, HubClient::open(wanted.hub));
  return hub->models();
}

}  // namespace

int run(const ListModels& wanted, const Clock&) {
  const auto answer = ask(wanted);
  if (!answer) return report(answer.error(), wanted.hub.output);
  if (wanted.hub.output == Output::json) {
    write_out(boost::json::serialize(*answer) + "\n");
    return exit_done;
  }
  const auto console = find_console();
  write_out(text_of(table_of(rows_of(*answer), console), console.colours));
  return exit_done;
}

}  // namespace hub::cli
